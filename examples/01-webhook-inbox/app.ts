import github from '@holdfast/adapters/connectors/github'
import { expressWebhooks } from '@holdfast/adapters/express'
import { createFetch, integrationErrorOf } from '@holdfast/core'
import { createReceiver, type DeliveryContext, type WebhookEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import express from 'express'
import { announce, ledger, observe, refuseWhileDown } from './stage.ts'

const { INBOX = './data/inbox', PORT = '0', UPSTREAM_URL, WEBHOOK_SECRET } = process.env

// Outbound: this is `fetch`, and it knows limits, retries and when to leave the other side alone.
const fetch = createFetch({
  connection: 'acme',
  deadlineMs: 10_000,
  breaker: { windowMs: 2_000, breakMs: 1_000 }, // shorter than the defaults: the demo has no half minute to wait
})

// Inbound: verify, deduplicate, write to disk, answer; then hand to the destinations, each at its own pace.
const receiver = createReceiver({
  buffer: diskBuffer({ directory: INBOX }),
  sources: {
    github: { connector: github, secrets: [WEBHOOK_SECRET] },
  },
  destinations: {
    fulfilment: {
      handle: fulfil,
      orderingKey: customerOf, // one customer's events in order, customers side by side
      concurrency: 8,
      maxAttempts: Number.POSITIVE_INFINITY, // an outage is no reason to give an event up
      baseDelayMs: 250,
      maxDelayMs: 1_000,
    },
    ledger: { handle: ledger, orderingKey: customerOf }, // a local file; what fails above does not touch it
  },
})

/** Tells the other company's API; what is thrown here is tried again. */
async function fulfil(event: WebhookEvent, { signal }: DeliveryContext): Promise<void> {
  refuseWhileDown()
  const response = await fetch(`${UPSTREAM_URL}/activities/${event.eventId}`, {
    method: 'PUT', // the same event twice has the effect of one, so a repeat is safe
    headers: { 'content-type': 'application/json' },
    body: event.text(),
    signal,
  })
  await response.body?.cancel()
  const failure = integrationErrorOf(response)
  if (failure) throw failure // it says how long to wait, and the receiver does
}

/** GitHub says on every delivery which installation it is for. */
function customerOf(event: WebhookEvent): string | null {
  return event.headers.get('x-github-hook-installation-target-id')
}

const app = express()
app.all('/webhooks/:source', expressWebhooks(receiver)) // before any body parser: the signature covers the raw bytes

observe(receiver, fetch)
await receiver.start()
const server = app.listen(Number(PORT), '127.0.0.1', () => announce(server))

process.once('SIGTERM', () => {
  server.close()
  void receiver.stop().then(() => process.exit())
})

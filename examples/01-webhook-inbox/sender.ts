import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import definitions, { type WebhookDefinition } from '@octokit/webhooks-examples' with { type: 'json' }
import { sign } from '@octokit/webhooks-methods'
import { recorder, type SenderLine } from './records.ts'
import { timeline } from './timeline.ts'

// GitHub's part: real payloads, signed by GitHub's own library, from 24 customers at once. For one customer it sends the next
// event only when the one before was answered, so that there is an order to keep; customers do not wait for each other. What
// was not acknowledged is sent again under the same delivery id, as GitHub's "redeliver" does.

const { steady, bursts } = timeline
const customers = 24
const answerTimeoutMs = 10_000
const redeliverAfterMs = 250

interface Planned {
  readonly atMs: number
  readonly delivery: string
  readonly customer: string
  readonly name: string
  readonly body: string
  readonly kind: SenderLine['kind']
  /** How many copies are sent at the same moment. */
  readonly copies: number
}

const url = process.env.WEBHOOK_URL ?? ''
const secret = process.env.WEBHOOK_SECRET ?? ''
const record = recorder<SenderLine>(process.env.RECORD ?? 'sender.jsonl')
// The package is a JSON file, an array; its types describe a module around it.
const payloads = (definitions as unknown as WebhookDefinition[]).flatMap(({ name, examples: bodies }) =>
  bodies.map((body) => ({ name, body: JSON.stringify(body) })),
)

/** The whole run, decided beforehand: the same events, repeats and forgeries at the same times in every run. */
function plan(): Planned[] {
  const steadyCount = (steady.perSecond * steady.untilMs) / 1_000
  const times = [
    ...Array.from({ length: steadyCount }, (_, index) => (index * 1_000) / steady.perSecond),
    ...bursts.flatMap(({ atMs, events }) => Array.from({ length: events }, () => atMs)),
  ].sort((left, right) => left - right)

  const planned = times.flatMap((atMs, index): Planned[] => {
    const { name, body } = payloads[index % payloads.length] ?? { name: 'ping', body: '{}' }
    const customer = `${4_000_000 + ((index * 7) % customers)}`
    const event = { atMs, delivery: randomUUID(), customer, name, body, kind: 'event', copies: 1 } as const
    if (index % 25 === 3) return [{ ...event, kind: 'forged' }]
    // Every twelfth is sent twice: by turns both at the same moment, or again a second later.
    if (index % 24 === 5) return [{ ...event, copies: 2 }]
    if (index % 24 === 17) return [event, { ...event, atMs: atMs + 1_000, kind: 'repeat' }]
    return [event]
  })
  return planned.sort((left, right) => left.atMs - right.atMs)
}

async function post(event: Planned, kind: SenderLine['kind']): Promise<number | null> {
  const signature = await sign(kind === 'forged' ? 'a guessed secret' : secret, event.body)
  let status: number | null = null
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'GitHub-Hookshot/demo',
        'x-github-event': event.name,
        'x-github-delivery': event.delivery,
        'x-github-hook-installation-target-id': event.customer,
        'x-github-hook-installation-target-type': 'repository',
        'x-hub-signature-256': signature,
      },
      body: event.body,
      signal: AbortSignal.timeout(answerTimeoutMs),
    })
    status = response.status
    await response.arrayBuffer()
  } catch {
    // No answer: refused, reset, or cut off half way. The record says so, and the event is sent again.
  }
  const sha256 = createHash('sha256').update(event.body).digest('hex')
  record({ delivery: event.delivery, customer: event.customer, kind, status, sha256 })
  return status
}

/** Sends until somebody answered for good: 2xx took it, 401 refused it. */
async function deliver(event: Planned, kind: SenderLine['kind']): Promise<void> {
  for (;;) {
    const status = await post(event, kind)
    if (status !== null && ((status >= 200 && status < 300) || status === 401)) return
    await sleep(redeliverAfterMs)
  }
}

async function sendAll(): Promise<void> {
  const lanes = new Map<string, Promise<void>>()
  const startedAt = Date.now()
  for (const event of plan()) {
    const early = startedAt + event.atMs - Date.now()
    if (early > 0) await sleep(early)
    const copies = Array.from({ length: event.copies }, (_, copy) => (copy === 0 ? event.kind : 'repeat'))
    const before = lanes.get(event.customer)
    const sendCopies = async (): Promise<void> => {
      await before
      await Promise.all(copies.map((kind) => deliver(event, kind)))
    }
    lanes.set(event.customer, sendCopies())
  }
  await Promise.all(lanes.values())
}

process.on('disconnect', () => process.exit(1))
await sendAll()
process.exit(0)

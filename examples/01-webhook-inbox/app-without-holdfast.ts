import { setTimeout as sleep } from 'node:timers/promises'
import { verify } from '@octokit/webhooks-methods'
import express from 'express'
import { announce, ledger, refuseWhileDown } from './stage.ts'

// The control experiment, `demo.ts --without`: the same application as it is often written. It verifies, answers, drops
// duplicates, keeps a queue per customer and repeats what fails. All of it lives in memory.

const { PORT = '0', UPSTREAM_URL, WEBHOOK_SECRET = '' } = process.env
const seen = new Set<string>()
const queues = new Map<string, Promise<void>>()

async function fulfil(delivery: string, body: Buffer<ArrayBuffer>): Promise<void> {
  for (;;) {
    try {
      refuseWhileDown()
      const response = await fetch(`${UPSTREAM_URL}/activities/${delivery}`, { method: 'PUT', body })
      if (response.ok) return
    } catch {
      // Tried again below, like an answer that is not 2xx.
    }
    await sleep(300)
  }
}

const app = express()
app.post('/webhooks/github', express.raw({ type: '*/*', limit: '25mb' }), async (request, response) => {
  const body = request.body as Buffer<ArrayBuffer>
  if (!(await verify(WEBHOOK_SECRET, body.toString(), request.get('x-hub-signature-256') ?? ''))) {
    response.sendStatus(401)
    return
  }
  response.sendStatus(200)

  const eventId = request.get('x-github-delivery') ?? ''
  if (seen.has(eventId)) return
  seen.add(eventId)
  ledger({ eventId, position: eventId, body })
  const customer = request.get('x-github-hook-installation-target-id') ?? ''
  const before = queues.get(customer)
  queues.set(
    customer,
    Promise.resolve(before).then(() => fulfil(eventId, body)),
  )
})
const server = app.listen(Number(PORT), '127.0.0.1', () => announce(server))

process.once('SIGTERM', () => process.exit())

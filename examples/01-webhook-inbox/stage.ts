import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { createFetch } from '@holdfast/core'
import type { Receiver, WebhookEvent } from '@holdfast/webhook-receiver'
import { type ApplicationLine, type LedgerLine, recorder } from './records.ts'

// What the demo needs of the application beside its work: a switch for the deploy, its port, and the records that the table
// is counted from. An application of your own has none of this.

const record = recorder<ApplicationLine>(process.env.RECORD ?? 'application.jsonl')
const write = recorder<LedgerLine>(process.env.LEDGER ?? 'ledger.jsonl')
let down = false

record({ what: 'started', pid: process.pid })
process.once('exit', (code) => {
  if (code === 0) record({ what: 'stopped' })
})
process.on('message', (message: { readonly down: boolean }) => {
  down = message.down
})
process.on('disconnect', () => process.exit(1))

/** Fails while the handler is "down for a deploy". */
export function refuseWhileDown(): void {
  if (down) throw new Error('Down for a deploy')
}

/** Writes an event into the ledger. */
export function ledger({ eventId = '', position, body }: Pick<WebhookEvent, 'eventId' | 'position' | 'body'>): void {
  write({ delivery: eventId, position, sha256: createHash('sha256').update(body).digest('hex') })
}

/** Says where the application listens. */
export function announce(server: Server): void {
  process.send?.({ port: (server.address() as AddressInfo).port })
}

/** Writes down what Holdfast reports while it works. */
export function observe(receiver: Receiver, fetch: ReturnType<typeof createFetch>): void {
  fetch.on('limit:waiting', ({ waitMs }) => record({ what: 'waiting', waitMs }))
  fetch.on('circuit:opened', () => record({ what: 'breaker', state: 'open' }))
  fetch.on('circuit:half-opened', () => record({ what: 'breaker', state: 'half-open' }))
  fetch.on('circuit:closed', () => record({ what: 'breaker', state: 'closed' }))
  receiver.on('buffer:opened', ({ durationMs, holes }) => {
    record({ what: 'opened', durationMs, missing: holes.reduce((sum, { lost }) => sum + lost, 0) })
  })
  receiver.on('delivery:retried', ({ destination }) => record({ what: 'repeating', destination }))

  const modes = new Map<string, string>()
  const look = (): void => {
    for (const [destination, { state }] of Object.entries(receiver.snapshot().destinations)) {
      if (modes.get(destination) === state) continue
      modes.set(destination, state)
      record({ what: 'mode', destination, mode: state })
    }
  }
  setInterval(look, 100).unref()
}

// Runs as a process of its own: an application on the buffer in a directory. It stores events, delivers them into a ledger, and says when it has.
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskBuffer, sqliteBuffer } from '../../src/disk/index.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { sample } from '../receiver/receiver-fixture.ts'

const [kind, directory = '', ledger = '', from = '0', to = '0'] = process.argv.slice(2)
/** Events of this key fail in the first application, and are parked. */
const FAILING_KEY = 'k0'
const KEYS = 4

const buffer = kind === 'file' ? diskBuffer({ directory }) : sqliteBuffer({ directory })
let delivered = 0
const receiver = createReceiver({
  buffer,
  sources: { shop: { connector: sample, secrets: ['a'] } },
  destinations: {
    orders: {
      orderingKey: (event) => event.type,
      concurrency: KEYS,
      maxAttempts: Infinity,
      baseDelayMs: 1,
      maxDelayMs: 1,
      async handle({ id, type }) {
        await sleep(1)
        if (kind === 'file' && type === FAILING_KEY) throw new Error('not now')
        appendFileSync(ledger, `${kind} ${type} ${id}\n`)
        if (++delivered === 50) process.send?.('delivers')
      },
    },
  },
})
await receiver.start()
process.once('SIGTERM', () => void receiver.stop().then(() => process.disconnect()))
for (let number = Number(from); number < Number(to); number++) {
  const type = `k${number % KEYS}`
  await buffer.append([
    {
      id: String(number),
      source: 'shop',
      type,
      receivedAt: 0,
      method: 'POST',
      url: '/',
      headers: [],
      body: new Uint8Array(),
    },
  ])
}
process.send?.('stored')
await receiver.drained()
process.send?.('drained')

/** A process that drains a buffer together with others. Its settings are the only argument; it says when it drains, and ends when told to. */
import { setTimeout as sleep } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { createReceiver, type DestinationOptions } from '@holdfast/webhook-receiver'
import { book, type BookingTransaction } from './books.ts'
import { openLedger } from './ledger.ts'
import { type StoreName, stores } from './stores.ts'

/** Where the handlers note what they do: in a file, or in the transaction of the ack. */
export type Effects = 'file' | 'transaction'

/** What the process is told. */
export interface DrainerSettings {
  readonly store: StoreName
  readonly port: number
  readonly client: string
  readonly effects: Effects
  readonly directory: string
  readonly name: string
  readonly leaseMs: number
}

const { store, port, client, effects, directory, name, leaseMs } = JSON.parse(process.argv[2] ?? '') as DrainerSettings
const note = openLedger(directory, name)
const { buffer } = await stores[store].connect(port, client)

/** Takes a moment now and then, and sometimes fails. */
async function beUnreliable(): Promise<void> {
  const chance = Math.random()
  if (chance < 0.05) await sleep(chance * 60)
  if (chance > 0.99) throw new Error('failed on purpose')
}

const handlers: Readonly<Record<Effects, NonNullable<DestinationOptions['handle']>>> = {
  async file({ key = '', id }) {
    const seq = Number(id.slice(key.length + 1))
    note('start', key, seq)
    await beUnreliable()
    note('done', key, seq)
  },
  transaction: ({ key = '', id }, { transaction }) =>
    transaction(async (books: BookingTransaction) => {
      await book(books, key, Number(id.slice(key.length + 1)))
      await beUnreliable()
    }),
}

const receiver = createReceiver({
  buffer,
  sources: { github: { connector: github, secrets: ['not used'], partitionKey: () => null } },
  destinations: {
    ledger: {
      handle: handlers[effects],
      orderingKey: ({ key }) => key,
      concurrency: 16,
      maxAttempts: Infinity,
      baseDelayMs: 5,
      maxDelayMs: 20,
    },
  },
  leaseMs,
})

process.on('message', () => void receiver.stop().then(() => process.exit(0)))
process.on('disconnect', () => process.exit(2))
await receiver.start()
process.send?.('draining')

/** A process that drains a buffer together with others. Its settings are the only argument; it says when it drains, and ends when told to. */
import { setTimeout as sleep } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { redisBuffer } from '@holdfast/adapters/redis'
import { createReceiver } from '@holdfast/webhook-receiver'
import { clients } from '../state/redis-service.ts'
import { openLedger } from './ledger.ts'

/** What the process is told. */
export interface DrainerSettings {
  readonly port: number
  readonly client: string
  readonly directory: string
  readonly name: string
  readonly leaseMs: number
}

const { port, client, directory, name, leaseMs } = JSON.parse(process.argv[2] ?? '') as DrainerSettings
const note = openLedger(directory, name)
const connect = clients[client]
if (connect === undefined) throw new Error(`no client ${client}`)
const connected = await connect(port)

const receiver = createReceiver({
  buffer: redisBuffer(connected.client, { name: 'inbox' }),
  sources: { github: { connector: github, secrets: ['not used'], partitionKey: () => null } },
  destinations: {
    ledger: {
      handle: async ({ key = '', id }) => {
        const seq = Number(id.slice(key.length + 1))
        note('start', key, seq)
        const chance = Math.random()
        if (chance < 0.05) await sleep(chance * 60)
        if (chance > 0.99) throw new Error('failed on purpose')
        note('done', key, seq)
      },
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

import github from '@holdfast/adapters/connectors/github'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { createReceiver } from '@holdfast/webhook-receiver'
import type { PoolClient } from 'pg'
import { clients } from './postgres-service.ts'

// A process that books what it drains, in the transaction in which the event's ack commits. Run with fork: it is killed, or frozen.

const port = Number(process.argv[2])
const { client } = await clients.pg!(port, 6)

const receiver = createReceiver({
  buffer: postgresBuffer(client, { name: 'ledger', partitions: 4, pollMs: 20 }),
  // Nothing comes through it: the events are there.
  sources: { github: { connector: github, secrets: ['unused'], partitionKey: () => undefined } },
  destinations: {
    books: {
      orderingKey: ({ tenant = '' }) => tenant,
      concurrency: 4,
      maxAttempts: Number.POSITIVE_INFINITY,
      baseDelayMs: 5,
      maxDelayMs: 50,
      handle: async (event, { transaction }) => {
        const { amount } = event.json() as { readonly amount: number }
        await transaction(async (books: PoolClient) => {
          await books.query('insert into ledger (event, tenant, amount) values ($1, $2, $3)', [
            event.id,
            event.tenant,
            amount,
          ])
          await books.query('update account set balance = balance + $2 where tenant = $1', [event.tenant, amount])
        })
      },
    },
  },
  leaseMs: 1_000,
})
// Without a parent nobody would ever end this process.
process.on('disconnect', () => process.exit(2))
await receiver.start()
process.send?.('draining')

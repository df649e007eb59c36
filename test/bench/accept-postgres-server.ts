/** The server of ours in the section on PostgreSQL. Argument: the port of PostgreSQL. */
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { createReceiver } from '@holdfast/webhook-receiver'
import { Pool } from 'pg'
import { account } from '../state/postgres-service.ts'
import { webhookSecret } from './github-delivery.ts'
import { serveListener } from './serve-listener.ts'

const pool = new Pool({ ...account, port: Number(process.argv[2]) })
pool.on('error', () => undefined)
const receiver = createReceiver({
  buffer: postgresBuffer(pool, { name: 'inbox' }),
  sources: { github: { connector: github, secrets: [webhookSecret], partitionKey: () => null } },
  destinations: {
    bench: { handle: () => undefined, orderingKey: (event) => event.id, concurrency: 64 },
  },
})
await receiver.start()
serveListener(nodeHttpWebhooks(receiver, { source: 'github' }))

import github from '@holdfast/adapters/connectors/github'
import { fastifyWebhooks } from '@holdfast/adapters/fastify'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { createReceiver } from '@holdfast/webhook-receiver'
import Fastify from 'fastify'
import { Pool, type PoolClient } from 'pg'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', (error) => console.error(error.message))
const repositoryOf = (payload: unknown): string =>
  (payload as { repository: { full_name: string } }).repository.full_name
// The lock: where two processes start at once, one would fail in spite of `if not exists`.
await pool.query(
  `select pg_advisory_xact_lock(1); create table if not exists star_count (repository text primary key, stars int not null)`,
)

const receiver = createReceiver({
  buffer: postgresBuffer(pool, { name: 'inbox' }),
  sources: {
    github: {
      connector: github,
      secrets: [process.env.GITHUB_WEBHOOK_SECRET],
      // The events of a repository keep their order, whichever process delivers them.
      partitionKey: (event) => repositoryOf(event.json()),
    },
  },
  destinations: {
    stars: {
      // The acknowledgement commits with the count: both happen, or neither.
      handle: (event, { transaction }) =>
        transaction(async (client: PoolClient) => {
          await client.query(
            `insert into star_count values ($1, 1) on conflict (repository) do update set stars = star_count.stars + 1`,
            [repositoryOf(event.json())],
          )
        }),
    },
  },
  leaseMs: Number(process.env.LEASE_MS ?? 30_000),
})
await receiver.start()

const app = Fastify()
await app.register(fastifyWebhooks, { receiver }) // serves /webhooks/:source
const address = await app.listen({ port: Number(process.env.PORT ?? 3000) })
console.log('listening', address)

process.once('SIGTERM', async () => {
  await app.close()
  await receiver.stop()
  await pool.end()
})

import github from '@holdfast/adapters/connectors/github'
import { expressWebhooks } from '@holdfast/adapters/express'
import { redisBuffer, redisIdempotencyStore } from '@holdfast/adapters/redis'
import { createReceiver } from '@holdfast/webhook-receiver'
import express from 'express'
import { Redis } from 'ioredis'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379')
redis.on('error', (error) => console.error(error.message))

const receiver = createReceiver({
  buffer: redisBuffer(redis, { name: 'inbox' }),
  idempotency: redisIdempotencyStore(redis),
  sources: {
    github: {
      connector: github,
      secrets: [process.env.GITHUB_WEBHOOK_SECRET],
      // The events of a repository keep their order, whichever process delivers them.
      partitionKey: (event) => (event.json() as { repository?: { full_name: string } }).repository?.full_name,
    },
  },
  destinations: {
    log: {
      handle: (event, { once }) => once(() => console.log('delivered', event.key, event.eventId)),
      orderingKey: (event) => event.key,
    },
  },
  leaseMs: Number(process.env.LEASE_MS ?? 30_000),
})
await receiver.start()

const app = express()
app.all('/webhooks/:source', expressWebhooks(receiver)) // above express.json(): the signature covers raw bytes
const server = app.listen(Number(process.env.PORT ?? 3000), () => console.log('listening', server.address()))

process.once('SIGTERM', () =>
  server.close(async () => {
    await receiver.stop()
    redis.disconnect()
  }),
)

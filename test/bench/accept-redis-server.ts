/** The servers of the section on Redis. Arguments: which one, the port of Redis, and `idle` for no deliveries. */
import type { RequestListener } from 'node:http'
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { redisBuffer } from '@holdfast/adapters/redis'
import { createReceiver } from '@holdfast/webhook-receiver'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { webhookSecret } from './github-delivery.ts'
import { queueListener } from './queue-listener.ts'
import { serveListener } from './serve-listener.ts'

const [kind = '', redisPort = '', mode = ''] = process.argv.slice(2)
const port = Number(redisPort)
const isDrained = mode !== 'idle'
serveListener(kind === 'bullmq' ? bullListener() : await ourListener())

function bullListener(): RequestListener {
  const connection = { host: '127.0.0.1', port }
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true }
  const queue = new Queue('inbox', { connection, defaultJobOptions })
  queue.on('error', () => undefined)
  if (isDrained) {
    const worker = new Worker('inbox', async () => undefined, {
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: 64,
    })
    worker.on('error', () => undefined)
  }
  return queueListener(({ id, headers, body }) =>
    queue.add('webhook', { headers, body: body.toString() }, { jobId: id }),
  )
}

async function ourListener(): Promise<RequestListener> {
  const redis = new Redis({ port })
  redis.on('error', () => undefined)
  const receiver = createReceiver({
    buffer: redisBuffer(redis, { name: 'inbox' }),
    sources: { github: { connector: github, secrets: [webhookSecret], partitionKey: () => null } },
    destinations: {
      bench: { handle: () => undefined, orderingKey: (event) => event.id, concurrency: 64 },
    },
  })
  await receiver.start({ drain: isDrained })
  return nodeHttpWebhooks(receiver, { source: 'github' })
}

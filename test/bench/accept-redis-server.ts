/** The servers of the section on Redis. Arguments: which one, and the port of Redis. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { redisBuffer } from '@holdfast/adapters/redis'
import { createReceiver } from '@holdfast/webhook-receiver'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { webhookSecret } from './github-delivery.ts'

const [kind = '', redisPort = ''] = process.argv.slice(2)
const port = Number(redisPort)
const server = createServer(kind === 'bullmq' ? bullListener() : await ourListener())
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))

function bullListener(): RequestListener {
  const connection = { host: '127.0.0.1', port }
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true }
  const queue = new Queue('inbox', { connection, defaultJobOptions })
  const worker = new Worker('inbox', async () => undefined, {
    connection: { ...connection, maxRetriesPerRequest: null },
    concurrency: 64,
  })
  queue.on('error', () => undefined)
  worker.on('error', () => undefined)
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const expected = Buffer.from(`sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`)
      const signature = Buffer.from(String(request.headers['x-hub-signature-256']))
      if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        response.writeHead(401).end()
        return
      }
      const jobId = String(request.headers['x-github-delivery'])
      queue.add('webhook', { headers: request.rawHeaders, body: body.toString() }, { jobId }).then(
        () => response.writeHead(200, { 'content-length': 0 }).end(),
        () => response.writeHead(503).end(),
      )
    })
  }
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
  await receiver.start()
  return nodeHttpWebhooks(receiver, { source: 'github' })
}

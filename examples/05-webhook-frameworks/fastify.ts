import github from '@holdfast/adapters/connectors/github'
import { fastifyWebhooks } from '@holdfast/adapters/fastify'
import { createReceiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import fastify from 'fastify'

const receiver = createReceiver({
  buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
await receiver.start()

const app = fastify()
app.register(fastifyWebhooks, { receiver }) // serves /webhooks/:source
app.addHook('onClose', () => receiver.stop()) // when no request is in flight any more
await app.listen({ port: Number(process.env.PORT ?? 3000) })
console.log('listening', app.server.address())

process.once('SIGTERM', () => app.close())

import github from '@holdfast/adapters/connectors/github'
import { honoWebhooks } from '@holdfast/adapters/hono'
import { createReceiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const receiver = createReceiver({
  buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
await receiver.start()

const app = new Hono()
app.all('/webhooks/:source', honoWebhooks(receiver)) // above middleware that reads bodies: the signature covers raw bytes
const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: app.fetch, port }, (address) => console.log('listening', address))

process.once('SIGTERM', () => server.close(() => receiver.stop()))

import github from '@holdfast/adapters/connectors/github'
import { expressWebhooks } from '@holdfast/adapters/express'
import { createReceiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import express from 'express'

const receiver = createReceiver({
  buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: {
    log: { handle: (event) => console.log('delivered', event.type, event.eventId) },
  },
})

const app = express()
app.all('/webhooks/:source', expressWebhooks(receiver)) // above express.json(): the signature covers raw bytes
await receiver.start()
const server = app.listen(Number(process.env.PORT ?? 3000), () => console.log('listening', server.address()))

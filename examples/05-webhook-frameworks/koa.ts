import github from '@holdfast/adapters/connectors/github'
import { koaWebhooks } from '@holdfast/adapters/koa'
import { createReceiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import Router from '@koa/router'
import Koa from 'koa'

const receiver = createReceiver({
  buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
await receiver.start()

const router = new Router()
router.all('/webhooks/:source', koaWebhooks(receiver))
const app = new Koa()
app.use(router.routes()) // above any body parser: the signature covers raw bytes
const server = app.listen(Number(process.env.PORT ?? 3000), () => console.log('listening', server.address()))

process.once('SIGTERM', () => server.close(() => receiver.stop()))

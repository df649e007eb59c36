import { createServer } from 'node:http'
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { createReceiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'

const receiver = createReceiver({
  buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
await receiver.start()

const source = ({ url = '' }): string => /^\/webhooks\/([^/?]+)/.exec(url)?.[1] ?? '' // none: 404
const server = createServer(nodeHttpWebhooks(receiver, { source }))
server.listen(Number(process.env.PORT ?? 3000), () => console.log('listening', server.address()))

process.once('SIGTERM', () => server.close(() => receiver.stop()))

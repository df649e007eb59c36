/** The servers of the accept section. Arguments: which one, the directory for what it stores, and for ours `idle` for no deliveries. */
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import github from '@holdfast/adapters/connectors/github'
import { expressWebhooks } from '@holdfast/adapters/express'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { createReceiver, type EventBuffer, type Receiver } from '@holdfast/webhook-receiver'
import { diskBuffer, sqliteBuffer } from '@holdfast/webhook-receiver/disk'
import express from 'express'
import { webhookSecret } from './github-delivery.ts'
import { handWrittenLog } from './hand-written-log.ts'
import { queueListener } from './queue-listener.ts'
import { serveListener } from './serve-listener.ts'

const [kind = '', directory = '', mode = ''] = process.argv.slice(2)
serveListener(await listenerFor(kind))

async function listenerFor(name: string): Promise<RequestListener> {
  switch (name) {
    case 'node:http':
      return (request, response) => {
        request.on('data', () => undefined)
        request.on('end', () => response.writeHead(200, { 'content-length': 0 }).end())
      }
    case 'express': {
      const app = express()
      app.post('/webhooks/:source', express.raw({ type: '*/*' }), (_request, response) => {
        response.status(200).end()
      })
      return app
    }
    case 'by hand':
      return queueListener(handWrittenLog(join(directory, 'log')))
    case 'nodeHttpWebhooks':
      return nodeHttpWebhooks(await startReceiver(diskBuffer({ directory })), { source: 'github' })
    case 'with SQLite':
      return nodeHttpWebhooks(await startReceiver(sqliteBuffer({ directory })), { source: 'github' })
    case 'expressWebhooks': {
      const app = express()
      app.post('/webhooks/:source', expressWebhooks(await startReceiver(diskBuffer({ directory }))))
      return app
    }
    default:
      throw new Error(`there is no server ${name}`)
  }
}

async function startReceiver(buffer: EventBuffer): Promise<Receiver> {
  const receiver = createReceiver({
    buffer,
    sources: { github: { connector: github, secrets: [webhookSecret] } },
    destinations: {
      bench: { handle: () => undefined, orderingKey: (event) => event.id, concurrency: 64 },
    },
  })
  await receiver.start({ drain: mode !== 'idle' })
  return receiver
}

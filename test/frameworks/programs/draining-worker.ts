// workerd: takes webhooks, and delivers them after each answer. GET says what was delivered.
import { waitUntil } from 'cloudflare:workers'
import { webWebhooks, type WebWebhooksHandler } from '@holdfast/adapters/web'
import { delivered, receiver } from './inbox.ts'

let opened: Promise<WebWebhooksHandler> | undefined

async function open(): Promise<WebWebhooksHandler> {
  receiver.on('webhook:accepted', () => waitUntil(receiver.drainOnce({ deadlineMs: 5_000 })))
  await receiver.start({ drain: false })
  return webWebhooks(receiver, { source: '/webhooks/:source' })
}

const worker = {
  async fetch(request: Request): Promise<Response> {
    if (request.method === 'GET') return Response.json(delivered)
    // Not before the first request: a Worker may do nothing outside of one.
    opened ??= open()
    return (await opened)(request)
  },
}

// oxlint-disable-next-line import/no-default-export -- workerd looks for it
export default worker

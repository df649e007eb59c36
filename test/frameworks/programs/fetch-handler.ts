// What the servers of Bun, Deno and workerd serve: the adapter for the web standard, or Hono.
import { honoWebhooks } from '@holdfast/adapters/hono'
import { webWebhooks } from '@holdfast/adapters/web'
import { Hono } from 'hono'
import { remoteReceiver } from './remote-receiver.ts'

/** What a runtime calls. */
export type FetchHandler = (request: Request, ...platform: never[]) => Response | Promise<Response>

/** A request of this type is read before the adapter runs. */
export const READ_BEFORE = 'application/json; read=before'

/** Makes the function for one of the adapters. */
export function fetchHandler(adapter: string, receiverUrl: string): FetchHandler {
  return adapter === 'hono' ? honoHandler(receiverUrl) : webHandler(receiverUrl)
}

function webHandler(receiverUrl: string): FetchHandler {
  const receiver = remoteReceiver(receiverUrl)
  const mounted = webWebhooks(receiver, { source: '/webhooks/:source' })
  const prefixed = webWebhooks(receiver, { source: '/prefix/webhooks/:source' })
  return async (request: Request, ...[platform]: readonly unknown[]) => {
    if (isReadBefore(request)) await request.json()
    const webhooks = new URL(request.url).pathname.startsWith('/prefix/') ? prefixed : mounted
    return webhooks(request, platform)
  }
}

function honoHandler(receiverUrl: string): FetchHandler {
  const receiver = remoteReceiver(receiverUrl)
  const app = new Hono()
  app.onError((_error, c) => c.body(null, 500))
  app.use(async (c, next) => {
    if (isReadBefore(c.req.raw)) await c.req.json()
    await next()
  })
  app.all('/webhooks/:source', honoWebhooks(receiver))
  app.all('/prefix/webhooks/:source', honoWebhooks(receiver))
  return app.fetch
}

function isReadBefore(request: Request): boolean {
  return request.headers.get('content-type') === READ_BEFORE
}

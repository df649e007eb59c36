// workerd: serves an adapter.
import { type FetchHandler, fetchHandler } from './fetch-handler.ts'

interface Env {
  readonly ADAPTER: string
  readonly RECEIVER: string
}

let handler: FetchHandler | undefined

const worker = {
  fetch(request: Request, env: Env, context: unknown): Response | Promise<Response> {
    handler ??= fetchHandler(env.ADAPTER, env.RECEIVER)
    return handler(request, ...([env, context] as never[]))
  },
}

// oxlint-disable-next-line import/no-default-export -- workerd looks for it
export default worker

// workerd: answers a request with the results.
import { smoke } from './smoke.ts'

interface Env {
  readonly SERVER: string
}

const worker = {
  fetch: async (_request: Request, env: Env): Promise<Response> => Response.json(await smoke(env.SERVER)),
}

// oxlint-disable-next-line import/no-default-export -- workerd looks for it
export default worker

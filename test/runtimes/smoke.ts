// Runs on every runtime: web globals only, and the packages by their published names.
import { createFetch, explain, integrationErrorOf, isIntegrationError, rateLimitOf } from '@holdfast/core'
import { createClient, type StandardSchema } from '@holdfast/core/client'
import { fakeClock, scriptedFetch, seededRandom } from '@holdfast/core/testing'
import { equal } from './equal.ts'
import { webhookChecks } from './webhook-checks.ts'

/** What became of one check; `problem` is absent when it holds. */
export interface CheckResult {
  readonly check: string
  readonly problem?: string
}

type Check = (url: string) => Promise<void>

/** What the README promises, once each, against a real server. */
const checks: Readonly<Record<string, Check>> = {
  'a call succeeds': async (url) => {
    const response = await createFetch()(`${url}/ok`)
    equal([response.status, response.url, await response.json()], [200, `${url}/ok`, { ok: true }])
  },
  'what is sent is what fetch sends': async (url) => {
    const ours = createFetch({ bulkhead: {} })
    const inits: readonly RequestInit[] = [
      {},
      { method: 'POST', body: 'text' },
      { method: 'PUT', body: new URLSearchParams({ a: 'ä' }) },
      { method: 'PATCH', body: new TextEncoder().encode('bytes') },
      { method: 'DELETE', headers: { 'X-Mixed-Case': '1', accept: 'text/x' } },
      { method: 'POST', body: new Blob(['blob'], { type: 'text/x' }), signal: new AbortController().signal },
    ]
    for (const [index, init] of inits.entries()) {
      const seen = []
      for (const fetch of [globalThis.fetch, ours])
        seen.push(
          await Promise.all([
            (await fetch(`${url}/inspect?${index}`, init)).json(),
            headersOf(await fetch(`${url}/ok`)),
          ]),
        )
      const [bare, resilient] = seen.map((value) => JSON.stringify(value).replace(/"call":\d+/, ''))
      equal(resilient, bare)
    }
  },
  'a Request is sent with everything in it': async (url) => {
    const request = new Request(`${url}/inspect`, { method: 'POST', body: 'whole', headers: { 'x-a': '1' } })
    const arrived = (await (await createFetch()(request)).json()) as { method: string; body: string; headers: object }
    equal([arrived.method, arrived.body, (arrived.headers as Record<string, string>)['x-a']], ['POST', 'whole', '1'])
  },
  'a 503 is tried again': async (url) => {
    const response = await createFetch({ retry: { baseDelayMs: 10 } })(`${url}/unavailable/again`)
    equal([response.status, explain(response)?.attempts.map(({ status }) => status)], [200, [503, 200]])
  },
  'a 429 is waited for as long as it says': async (url) => {
    const fetch = createFetch()
    const beganMs = Date.now()
    const response = await fetch(`${url}/limited/once`)
    equal([response.status, explain(response)?.attempts.length, Date.now() - beganMs >= 990], [200, 2, true])
  },
  'the limit of an answer can be read': async (url) => {
    const limit = rateLimitOf(await createFetch()(`${url}/told`))
    equal([limit?.limit, limit?.remaining], [100, 42])
  },
  'a host that fails is left alone': async (url) => {
    const fetch = createFetch({ retry: false, breaker: { minimumCalls: 3 } })
    for (let call = 0; call < 3; call++) await (await fetch(`${url}/broken`)).text()
    const error = await rejectionOf(fetch(`${url}/ok`))
    equal(isIntegrationError(error, 'circuit_open'), true)
  },
  'a bulkhead refuses what is too much': async (url) => {
    const fetch = createFetch({ retry: false, bulkhead: { maxConcurrent: 1, maxQueue: 0 }, deadlineMs: 200 })
    const first = rejectionOf(fetch(`${url}/hang`))
    const error = await rejectionOf(fetch(`${url}/ok`))
    equal([isIntegrationError(error, 'overloaded'), (await first) !== undefined], [true, true])
  },
  'a deadline ends a call': async (url) => {
    const error = await rejectionOf(createFetch({ deadlineMs: 100 })(`${url}/hang`))
    equal([(error as Error).name, integrationErrorOf(error)?.code], ['TimeoutError', 'timeout'])
  },
  'an abort comes back as fetch brings it': async (url) => {
    // workerd brings a copy of the reason; everywhere else it is the reason itself.
    const seen = []
    for (const fetch of [globalThis.fetch, createFetch()]) {
      const controller = new AbortController()
      const reason = new RangeError('mine')
      const call = rejectionOf(fetch(`${url}/hang`, { signal: controller.signal }))
      setTimeout(() => controller.abort(reason), 50)
      const error = await call
      seen.push([error === reason, String(error)])
      if (fetch !== globalThis.fetch) equal(integrationErrorOf(error)?.code, 'canceled')
    }
    equal(seen[1], seen[0])
  },
  'an abort reaches a body that is being read': async (url) => {
    const controller = new AbortController()
    const response = await createFetch()(`${url}/stall`, { signal: controller.signal })
    const reader = response.body!.getReader()
    await reader.read()
    const next = rejectionOf(reader.read())
    controller.abort(new RangeError('mine'))
    equal((await next) instanceof Error, true)
  },
  'a body streams down': async (url) => {
    const response = await createFetch()(`${url}/stream`)
    const chunks: string[] = []
    const reader = response.body!.pipeThrough(new TextDecoderStream() as ReadableWritablePair).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value as string)
    equal([chunks.join(''), chunks.length > 1], ['one two three', true])
  },
  'a body streams up': async (url) => {
    const words = ['one ', 'two ', 'three']
    const body = new ReadableStream({
      async pull(controller) {
        const word = words.shift()
        if (word === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(word))
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const arrived = (await (await createFetch()(`${url}/inspect`, init)).json()) as { body: string }
    equal(arrived.body, 'one two three')
  },
  'a write keeps its idempotency key': async (url) => {
    const fetch = createFetch({ idempotency: {}, retry: { baseDelayMs: 10 } })
    const response = await fetch(`${url}/key/kept`, { method: 'POST', body: '{}' })
    const { key } = (await response.json()) as { key: string }
    equal([explain(response)?.attempts.length, explain(response)?.idempotencyKey, key.length >= 32], [2, key, true])
  },
  'a token is refreshed after a 401': async (url) => {
    const fetch = createFetch({ auth: ({ rejectedToken }) => (rejectedToken === undefined ? 'old' : 'new') })
    equal((await fetch(`${url}/token`)).status, 200)
  },
  'a client validates what comes': async (url) => {
    const client = createClient({ baseUrl: url })
    equal(await client.get('/order').json(orderSchema), { id: 7, total: '12.50' })
    const error = await rejectionOf(client.get('/ok').json(orderSchema))
    equal(isIntegrationError(error, 'schema_mismatch'), true)
  },
  'a connection that breaks is the fault of the network': async (url) => {
    const error = await rejectionOf(createFetch({ retry: false })(`${url}/reset`, { method: 'POST', body: 'x' }))
    const failure = integrationErrorOf(error)
    equal([failure?.fault, failure?.delivery], ['network', 'unknown'])
  },
  'a server that is not there is the fault of the network': async (url) => {
    const nobody = await (await fetch(`${url}/nobody`)).text()
    const error = await rejectionOf(createFetch({ retry: false })(nobody))
    equal(integrationErrorOf(error)?.fault, 'network')
  },
  'an explanation and an error can be printed': async (url) => {
    const response = await createFetch({ retry: false })(`${url}/broken?token=secret`)
    const printed = JSON.stringify([explain(response), integrationErrorOf(response)])
    equal([printed.includes('/broken'), printed.includes('500'), printed.includes('secret')], [true, true, false])
  },
  'events are heard': async (url) => {
    const fetch = createFetch({ retry: { baseDelayMs: 10 } })
    const heard: string[] = []
    for (const name of ['call:started', 'attempt:failed', 'retry:scheduled', 'call:finished'] as const)
      fetch.on(name, () => heard.push(name))
    await fetch(`${url}/unavailable/events`)
    equal(heard, ['call:started', 'attempt:failed', 'retry:scheduled', 'call:finished'])
  },
  'a snapshot carries an open circuit over': async (url) => {
    const options = { retry: false, breaker: { minimumCalls: 3 } } as const
    const fetch = createFetch(options)
    for (let call = 0; call < 3; call++) await (await fetch(`${url}/broken`)).text()
    const restore = JSON.parse(JSON.stringify(fetch.snapshot())) as ReturnType<typeof fetch.snapshot>
    const error = await rejectionOf(createFetch({ ...options, restore })(`${url}/ok`))
    equal(isIntegrationError(error, 'circuit_open'), true)
  },
  'what was disposed refuses': async (url) => {
    const fetch = createFetch()
    await fetch[Symbol.asyncDispose]()
    equal(isIntegrationError(await rejectionOf(fetch(`${url}/ok`)), 'canceled'), true)
  },
  'a test needs no time': async () => {
    const clock = fakeClock()
    const transport = scriptedFetch([
      new Response('', { status: 503, headers: { 'retry-after': '20' } }),
      new Response('done'),
    ])
    const fetch = createFetch({ fetch: transport, clock, random: seededRandom(1) })
    equal(await (await clock.runUntil(fetch('https://api.example.com/'))).text(), 'done')
  },
  ...webhookChecks,
}

/** Runs every check, one after the other. */
export async function smoke(url: string): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = []
  for (const [check, run] of Object.entries(checks)) {
    try {
      await withinTime(run(url))
      results.push({ check })
    } catch (error) {
      results.push({ check, problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    }
  }
  return results
}

const orderSchema: StandardSchema<{ id: number; total: string }> = {
  '~standard': {
    version: 1,
    vendor: 'smoke',
    validate: (value: unknown) => {
      const order = value as { id?: unknown; total?: unknown }
      return typeof order.id === 'number' && typeof order.total === 'string'
        ? { value: { id: order.id, total: order.total } }
        : { issues: [{ message: 'no order' }] }
    },
  },
}

function headersOf(response: Response): unknown {
  return [
    response.status,
    response.type,
    response.redirected,
    [...response.headers].filter(([name]) => name !== 'date'),
  ]
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('the promise was fulfilled')
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('still waiting after 5 s')), 5_000)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

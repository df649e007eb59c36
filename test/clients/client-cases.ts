import { inspect } from 'node:util'
import { type IntegrationError, isIntegrationError, type ToIntegrationErrorOptions } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { answering, failingServer, refusedUrl } from './failing-server.ts'

/** Stands in the query, the headers and the body of every call, and is sent back in every answer. */
export const canary = 'canary-5f3a9c1b7d2e4f60a8'

export interface ClientCall {
  /** Scheme, host and port. */
  readonly url: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What an error is expected to say. */
export type Expected = Readonly<Partial<Pick<IntegrationError, 'code' | 'reason' | 'delivery' | 'retryAfterMs'>>>

export interface ClientUnderTest {
  readonly name: string
  /** A POST of the library, with its own retries switched off and the canary in query, header and body. */
  readonly call: (call: ClientCall) => Promise<unknown>
  readonly toIntegrationError: (error: unknown, options?: ToIntegrationErrorOptions) => IntegrationError
  /** Bodies as the provider sends them. Default: a shape that many have. */
  readonly body?: (message: string) => object
  /** Where the library or the provider differs from the table; `skip` where it has no such thing. */
  readonly differs?: Readonly<Record<string, Expected | 'skip'>>
}

const answers: Readonly<Record<string, readonly [number, Expected, Readonly<Record<string, string>>?]>> = {
  '400': [400, { code: 'invalid_request', delivery: 'answered' }],
  '401': [401, { code: 'token_expired', delivery: 'answered' }],
  '403': [403, { code: 'permission_denied', delivery: 'answered' }],
  '404': [404, { code: 'not_found', reason: 'resource', delivery: 'answered' }],
  '409': [409, { code: 'conflict', delivery: 'answered' }],
  '422': [422, { code: 'invalid_request', reason: 'validation', delivery: 'answered' }],
  '429 with Retry-After': [
    429,
    { code: 'rate_limited', retryAfterMs: 7_000, delivery: 'answered' },
    { 'retry-after': '7' },
  ],
  '429 with a reset': [
    429,
    { code: 'rate_limited', retryAfterMs: 9_000, delivery: 'answered' },
    { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' },
  ],
  '500': [500, { code: 'upstream_error', delivery: 'answered' }],
  '503': [503, { code: 'upstream_unavailable', delivery: 'answered' }],
}

/** Judges what a library throws in every way in which a call can fail. */
export function describeClient(client: ClientUnderTest): void {
  const { name, differs = {} } = client
  const body = client.body ?? ((message: string) => ({ error: { message, type: 'some_error' } }))

  const failing = (title: string, expected: Expected, start: () => Promise<Partial<ClientCall>>): void => {
    const wanted = differs[title] ?? expected
    if (wanted === 'skip') return
    it(title, async () => {
      const controller = new AbortController()
      const call = { timeoutMs: 5_000, signal: controller.signal, url: '', ...(await start()) }
      const error = await caught(client.call(call))
      const described = client.toIntegrationError(error, { connection: 'acme' })
      expect(factsOf(described)).toMatchObject(wanted)
      expect(described).toMatchObject({ connection: 'acme', cause: error })
      expectNoCanary(described)
      expect(factsOf(client.toIntegrationError(new Error('sync failed', { cause: error })))).toEqual(factsOf(described))
    })
  }

  describe(`toIntegrationError of what ${name} throws`, () => {
    for (const [title, [status, expected, headers]] of Object.entries(answers)) {
      failing(title, expected, async () => ({
        url: await failingServer(answering(status, headers ?? {}, JSON.stringify(body(`you sent ${canary}`)))),
      }))
    }
    failing('a page instead of JSON', { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' }, () =>
      server(answering(502, { 'content-type': 'text/html' }, `<html><body>${canary}</body></html>`)),
    )
    failing('a page with 200', { code: 'schema_mismatch', delivery: 'answered' }, () =>
      server(answering(200, {}, `<html><body>${canary}</body></html>`)),
    )
    failing('a reset', { code: 'connection_lost', reason: 'reset', delivery: 'unknown' }, () =>
      server({ fault: 'reset' }),
    )
    failing('a truncated body', { code: 'connection_lost', reason: 'truncated_body', delivery: 'answered' }, () =>
      server({ fault: 'body_cut', body: { half: 'of it' } }),
    )
    failing('a timeout', { code: 'timeout', delivery: 'unknown' }, async () => ({
      ...(await server({ fault: 'hang' })),
      timeoutMs: 150,
    }))
    failing('an abort', { code: 'canceled', reason: 'abort', delivery: 'unknown' }, async () => {
      const controller = new AbortController()
      const url = await failingServer(() => {
        controller.abort()
        return { fault: 'hang' }
      })
      return { url, signal: controller.signal }
    })
    failing('a refused port', { code: 'connection_failed', reason: 'refused', delivery: 'not_sent' }, async () => ({
      url: await refusedUrl(),
    }))
    failing('a name that does not exist', { code: 'dns_error', delivery: 'not_sent' }, () =>
      Promise.resolve({ url: 'http://nothing.invalid' }),
    )
    failing(
      'an unsigned certificate',
      { code: 'tls_error', reason: 'self_signed', delivery: 'not_sent' },
      async () => ({
        url: await failingServer({}, { tls: 'self_signed' }),
      }),
    )

    if (differs['an abort'] !== 'skip')
      it('a deadline of the caller, when it is given the signal', async () => {
        const { url } = await server({ fault: 'hang' })
        const signal = AbortSignal.timeout(150)
        const described = client.toIntegrationError(await caught(client.call({ url, timeoutMs: 5_000, signal })), {
          signal,
        })
        expect(factsOf(described)).toEqual({ code: 'timeout', reason: 'total', delivery: 'unknown' })
      })

    it('returns an IntegrationError as it is, and describes what is none of its errors', () => {
      const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' })
      const described = client.toIntegrationError(refused)
      expect(described.code).toBe('connection_failed')
      expect(client.toIntegrationError(described)).toBe(described)
      for (const thrown of [undefined, null, 'text', 7, Symbol('s'), {}, [], new Error('?'), hostile()])
        expect(client.toIntegrationError(thrown).code).toBe('unknown')
    })
  })
}

export async function caught(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('the call did not fail')
}

export function factsOf(error: IntegrationError): Expected {
  expect(isIntegrationError(error)).toBe(true)
  const { code, reason, delivery, retryAfterMs } = error
  return {
    code,
    delivery,
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

export function expectNoCanary(error: IntegrationError): void {
  const shown = [error.message, String(error), error.stack, inspect(error, { depth: 20 }), inspect({ error })]
  for (const text of [...shown, JSON.stringify(error), JSON.stringify(error.toProblem())])
    expect(text).not.toContain(canary)
}

async function server(fail: Parameters<typeof failingServer>[0]): Promise<{ readonly url: string }> {
  return { url: await failingServer(fail) }
}

/** Throws at every touch. */
function hostile(): object {
  const refuse = (): never => {
    throw new Error('do not touch')
  }
  return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse })
}

import { fakeClock } from '@holdfast/core/testing'
import { InvalidOptionsError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { createKeyFetcher, type KeyFetcherOptions } from '../../../src/verify/keys/create-key-fetcher.ts'
import type { KeyRequest } from '../../../src/verify/keys/key-fetcher.ts'

const request: KeyRequest = {
  connector: 'example',
  url: 'https://keys.example.com/a.pem',
  method: 'GET',
  authorized: false,
}

function fetcherOf(
  answer: Response | Error | ((url: string, init: RequestInit) => Response | Promise<Response>),
  options: KeyFetcherOptions = {},
) {
  const calls: { url: string; init: RequestInit }[] = []
  const fetcher = createKeyFetcher({
    fetch: async (url, init) => {
      calls.push({ url, init })
      if (answer instanceof Error) throw answer
      return typeof answer === 'function' ? answer(url, init) : answer
    },
    ...options,
  })
  return { fetcher, calls, fetchKey: (own: Partial<KeyRequest> = {}) => fetcher.fetchKey({ ...request, ...own }) }
}

describe('createKeyFetcher', () => {
  test('gets the text, and follows no redirect', async () => {
    const { fetchKey, calls } = fetcherOf(new Response('key ü'))
    expect(await fetchKey()).toEqual({ text: 'key ü' })
    expect(calls[0]).toMatchObject({ url: request.url, init: { method: 'GET', redirect: 'manual' } })
  })

  test.each([
    ['max-age=60', {}, 60_000],
    ['public, max-age=60, immutable', { age: '20' }, 40_000],
    ['max-age=60', { age: '90' }, 0],
    ['max-age="60"', { age: 'x' }, 60_000],
    ['s-maxage=10', {}, undefined],
    ['no-store', {}, 0],
    ['no-cache, max-age=60', {}, 0],
    ['', {}, undefined],
  ])('reads how long it may be kept from %j', async (control, headers, maxAgeMs) => {
    const { fetchKey } = fetcherOf(new Response('key', { headers: { 'cache-control': control, ...headers } }))
    expect((await fetchKey())?.maxAgeMs).toBe(maxAgeMs)
  })

  test.each([400, 404, 410])('takes a %s for the word that there is no such key', async (status) => {
    const { fetchKey } = fetcherOf(new Response('no', { status }))
    expect(await fetchKey()).toBeUndefined()
  })

  test.each([201, 204, 301, 302, 307, 401, 403, 429, 500, 503])('throws for a %s', async (status) => {
    const { fetchKey } = fetcherOf(
      new Response(status === 204 ? null : 'no', { status, headers: { location: 'http://169.254.169.254/' } }),
    )
    await expect(fetchKey()).rejects.toThrow(String(status))
  })

  test('does not wait for the body of a refusal, which ends only with that of which it is a clone', async () => {
    const original = new Response('no', { status: 404 })
    expect(await fetcherOf(original.clone()).fetchKey()).toBeUndefined()
  })

  test('throws what the transport throws', async () => {
    const { fetchKey } = fetcherOf(new TypeError('fetch failed'))
    await expect(fetchKey()).rejects.toThrow('fetch failed')
  })

  test('stops reading a document that is too long', async () => {
    let canceled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        canceled = true
      },
    })
    const { fetchKey } = fetcherOf(new Response(body), { maxBytes: 95 })
    await expect(fetchKey()).rejects.toThrow('longer than 95 bytes')
    expect(canceled).toBe(true)
  })

  test('takes a document that is exactly as long as allowed', async () => {
    const { fetchKey } = fetcherOf(new Response('x'.repeat(95)), { maxBytes: 95 })
    expect((await fetchKey())?.text).toHaveLength(95)
  })

  test('refuses a document that is not UTF-8', async () => {
    const { fetchKey } = fetcherOf(new Response(Uint8Array.of(0xff, 0xfe)))
    await expect(fetchKey()).rejects.toThrow(TypeError)
  })

  test('gives up after the time, body included', async () => {
    const clock = fakeClock()
    const { fetchKey } = fetcherOf(
      (_url, { signal }) =>
        new Response(
          new ReadableStream({
            start(controller) {
              signal?.addEventListener('abort', () => controller.error(signal.reason))
            },
          }),
        ),
      { clock, timeoutMs: 1_000 },
    )
    const fetched = fetchKey()
    fetched.catch(() => undefined)
    await clock.advance(1_000)
    await expect(fetched).rejects.toThrow('in time')
  })

  test.each([
    'http://keys.example.com/a.pem',
    'https://127.0.0.1/a.pem',
    'https://2130706433/a.pem',
    'https://[::1]/a.pem',
    'https://user:password@keys.example.com/',
    'file:///etc/passwd',
    'nonsense',
  ])('asks nobody for %s, and does not repeat it in full', async (url) => {
    const { fetchKey, calls } = fetcherOf(new Response('key'))
    const error = await fetchKey({ url }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).not.toContain('password')
    expect(calls).toHaveLength(0)
  })

  test('says who asks where the provider wants to know it', async () => {
    const { fetchKey, calls } = fetcherOf(() => new Response('key'), {
      credentials: {
        example: async ({ keyId }) => ({ headers: { authorization: 'Bearer token' }, body: { key_id: keyId } }),
      },
    })
    await fetchKey({ method: 'POST', authorized: true, keyId: 'a' })
    expect(calls[0]?.init).toMatchObject({
      method: 'POST',
      body: '{"key_id":"a"}',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    })
    await fetchKey({ authorized: true })
    expect(calls[1]?.init).not.toHaveProperty('body')
  })

  test('sends a body that is text as it is', async () => {
    const { fetchKey, calls } = fetcherOf(() => new Response('key'), {
      credentials: {
        example: () => ({ body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      },
    })
    await fetchKey({ method: 'POST', authorized: true })
    expect(calls[0]?.init).toMatchObject({ body: 'a=b' })
  })

  test('says which credentials are absent instead of asking without', async () => {
    const { fetchKey, calls } = fetcherOf(new Response('key'))
    await expect(fetchKey({ authorized: true })).rejects.toThrow('credentials.example')
    await expect(fetchKey({ authorized: true, connector: 'constructor' })).rejects.toThrow(InvalidOptionsError)
    expect(calls).toHaveLength(0)
  })

  test.each([
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ fetch: 'https://x' }, 'fetch'],
    [{ credentials: { plaid: 'secret-value' } }, 'credentials.plaid'],
    [{ trustedCertificates: 'pem' }, 'trustedCertificates'],
    [{ trustedCertificates: ['pem'] }, 'trustedCertificates'],
    [{ redirect: 'follow' }, 'redirect'],
  ])('refuses the options %j', (options, path) => {
    const create = (): unknown => createKeyFetcher(options as unknown as KeyFetcherOptions)
    expect(create).toThrow(InvalidOptionsError)
    expect(create).toThrow(path)
    expect(create).not.toThrow('secret-value')
  })
})

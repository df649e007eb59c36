import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, event } from './drain-fixture.ts'

const stored = event('evt 1', 'one', {
  receivedAt: Date.UTC(2026, 0, 2),
  headers: [
    ['Content-Type', 'application/json'],
    ['X-Hub-Signature-256', 'sha256=abc'],
    ['Authorization', 'Basic c2VjcmV0'],
    ['X-Forwarded-For', '10.0.0.1'],
  ],
})

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

/** A transport that answers with these, one after the other; the last one for ever. */
function answering(...answers: readonly (Response | Error)[]): { sent: Sent[]; fetch: typeof globalThis.fetch } {
  const sent: Sent[] = []
  return {
    sent,
    fetch: async (url, init = {}) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)]
      sent.push({ url: url as string, init })
      if (answer instanceof Error) throw answer
      return answer?.clone() ?? new Response()
    },
  }
}

async function drainTo(options: DestinationOptions) {
  const fixture = await drainFixture(options, [stored])
  fixture.drain.start()
  await fixture.drained()
  return fixture
}

describe('a destination with a url', () => {
  test('gets the original body, chosen headers, and a key that is the same for each attempt', async () => {
    const { sent, fetch } = answering(new Response(null, { status: 503 }), new Response('ok'))
    const { drain } = await drainTo({ url: 'https://crm.test/hooks?a=1', headers: { 'x-team': 'crm' }, fetch })
    expect(drain.snapshot()).toMatchObject({ delivered: 1, retried: 1 })
    expect(sent).toHaveLength(2)
    for (const [index, { url, init }] of sent.entries()) {
      expect(url).toBe('https://crm.test/hooks?a=1')
      expect(init).toMatchObject({ method: 'POST', redirect: 'manual' })
      expect(Buffer.from(init.body as Uint8Array).toString()).toBe('{"id":"evt 1"}')
      expect(Object.fromEntries(init.headers as Headers)).toEqual({
        'content-type': 'application/json',
        'x-hub-signature-256': 'sha256=abc',
        'x-team': 'crm',
        'idempotency-key': 'shop/evt%201',
        'holdfast-attempt': String(index + 1),
        'holdfast-received-at': '2026-01-02T00:00:00.000Z',
        'holdfast-source': 'shop',
      })
    }
  })

  test('gets a key for every id, whatever is in it', async () => {
    const { sent, fetch } = answering(new Response('ok'))
    const ids = ['ü', 'a/b', 'half \ud83d', 'line\nbreak', '\ud83d\ude00']
    const { drain, drained } = await drainFixture(
      { url: 'https://crm.test/', fetch },
      ids.map((id) => event(id, 'one', { tenant: 't 1' })),
    )
    drain.start()
    await drained()
    expect(sent.map(({ init }) => (init.headers as Headers).get('idempotency-key'))).toEqual([
      'shop/t%201/%C3%BC',
      'shop/t%201/a%2Fb',
      'shop/t%201/half%20%ud83d',
      'shop/t%201/line%0Abreak',
      'shop/t%201/%F0%9F%98%80',
    ])
  })

  test('is looked up anew for each attempt, and signed anew', async () => {
    const { sent, fetch } = answering(new Response(null, { status: 502 }), new Response('ok'))
    let asked = 0
    await drainTo({
      url: () => `https://node-${++asked}.test/`,
      sign: ({ url, headers, body, method }) => ({
        'x-signature': `${method} ${url} ${headers.get('holdfast-attempt')} ${body.byteLength}`,
      }),
      fetch,
    })
    expect(sent.map(({ init }) => (init.headers as Headers).get('x-signature'))).toEqual([
      'POST https://node-1.test/ 1 14',
      'POST https://node-2.test/ 2 14',
    ])
  })

  test.each([400, 404, 410, 413, 422])('gives an event up at once that is answered %i', async (status) => {
    const { sent, fetch } = answering(new Response('no', { status }))
    const { deadLetters } = await drainTo({ url: 'https://crm.test/', fetch })
    expect(sent).toHaveLength(1)
    expect(await deadLetters()).toMatchObject([{ why: { attempts: 1 } }])
  })

  test.each([408, 429, 500, 502, 503, 504, 301])('repeats an event that is answered %i', async (status) => {
    const { sent, fetch } = answering(new Response('no', { status }))
    const { deadLetters } = await drainTo({ url: 'https://crm.test/', fetch, maxAttempts: 3 })
    expect(sent).toHaveLength(3)
    expect(await deadLetters()).toMatchObject([{ why: { attempts: 3 } }])
  })

  test('repeats an event whose request did not arrive, and says what failed', async () => {
    const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    const { fetch } = answering(refused, new Response('ok'))
    const { heard } = await drainTo({ url: 'https://crm.test/', fetch })
    expect(heard.of('delivery:retried')).toMatchObject([{ error: { code: 'connection_failed' } }])
    expect(heard.of('delivery:succeeded')).toMatchObject([{ attempt: 2 }])
  })

  test('names a port that fetch blocks', async () => {
    const { heard } = await drainTo({ url: 'http://127.0.0.1:6000/?key=1', maxAttempts: 1 })
    const message = expect.stringMatching(
      /^Expected `.*url` to have a port that fetch connects to, got 6000, which it blocks\./,
    ) as string
    expect(heard.of('delivery:dead-lettered')).toMatchObject([
      { error: { code: 'configuration_error', reason: 'blocked_port', delivery: 'not_sent', message } },
    ])
  })

  test('waits as long as the answer asks', async () => {
    const { fetch } = answering(
      new Response(null, { status: 429, headers: { 'retry-after': '20' } }),
      new Response('ok'),
    )
    const { heard } = await drainTo({ url: 'https://crm.test/', fetch })
    expect(heard.of('delivery:retried')[0]?.delayMs).toBe(20_000)
  })

  test('repeats an event that met a quota, and asks again before the quota says so', async () => {
    const { fetch } = answering(
      new Response(null, { status: 429, headers: { 'retry-after': '86400' } }),
      new Response('ok'),
    )
    const { heard } = await drainTo({ url: 'https://crm.test/', fetch, maxDelayMs: 30_000 })
    expect(heard.of('delivery:retried')).toMatchObject([{ error: { code: 'quota_exhausted' }, delayMs: 30_000 }])
    expect(heard.of('delivery:succeeded')).toMatchObject([{ attempt: 2 }])
  })

  test('is aborted when its time is over', async () => {
    const fetch: typeof globalThis.fetch = (_url, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    const { deadLetters } = await drainTo({ url: 'https://crm.test/', fetch, timeoutMs: 1000, maxAttempts: 1 })
    expect(await deadLetters()).toMatchObject([{ why: { code: 'timeout' } }])
  })

  test('says nothing of the query of a URL that is wrong', async () => {
    const { deadLetters } = await drainTo({ url: () => 'ftp://crm.test/?token=secret', maxAttempts: 1 })
    const [letter] = await deadLetters()
    expect(letter?.why.message).toContain('http:// or https:// URL')
    expect(letter?.why.message).not.toContain('secret')
  })

  test('works over a real connection', async () => {
    const bodies: string[] = []
    const keys: unknown[] = []
    const server = createServer((request: IncomingMessage, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString())
        keys.push(request.headers['idempotency-key'])
        response.writeHead(bodies.length === 1 ? 500 : 200).end('x'.repeat(200_000))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { drain } = await drainFixture({ url: `http://127.0.0.1:${port}/`, baseDelayMs: 1 }, [stored], {
      // A real server takes real time.
      clock: { ...systemClock, advance: never, runUntil: never, flush: never, pendingTimers: 0 } as never,
    })
    drain.start()
    await drain.drained()
    await drain.stop({ timeoutMs: 0 })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(bodies).toEqual(['{"id":"evt 1"}', '{"id":"evt 1"}'])
    expect(keys).toEqual(['shop/evt%201', 'shop/evt%201'])
  })
})

function never(): never {
  throw new Error('This clock is the real one.')
}

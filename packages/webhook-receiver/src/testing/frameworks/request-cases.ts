import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { HeaderPairs } from '../../buffer/event-buffer.ts'
import { type FrameworkConformanceCase, frameworkCase, type FrameworkUnderTest } from './framework-case.ts'
import { send } from './http-connection.ts'
import { type Received, recordingReceiver, targetOf } from './recording-receiver.ts'
import { withSignedReceiver } from './signed-source.ts'

// Stays as it is in a WHATWG URL; many routers and proxies decode it, or write it anew.
const ENCODED = '?a=%2F%7e%3A&a=+%20&%C3%A9=%ff&empty=&&flag#'.slice(0, -1)

/** The head of a request arrives as it was sent: method, target, source, headers and the peer's address. */
export const requestCases: readonly FrameworkConformanceCase[] = [
  frameworkCase('the source is the route parameter', async (under) => {
    for (const source of ['source', 'stripe-eu', 'a.B_c-9', '0']) {
      assert.equal((await receive(under, { path: `/webhooks/${source}` })).source, source)
    }
  }),

  frameworkCase('a source that does not exist is answered 404', async ({ serve }) => {
    await withSignedReceiver(async ({ receiver, refusals }) => {
      const origin = await serve({ receiver })
      for (const source of ['nobody', '__proto__', 'constructor', 'signed%20']) {
        const answer = await send(origin, { path: `/webhooks/${source}`, body: '{}' })
        assert.deepEqual([answer.status, problemOf(answer.body).reason], [404, 'unknown_source'], source)
      }
      assert.equal(refusals.length, 4)
    })
  }),

  frameworkCase('a path that cannot be decoded is the fault of its sender', async ({ serve }) => {
    await withSignedReceiver(async ({ receiver }) => {
      const { status } = await send(await serve({ receiver }), { path: '/webhooks/%zz', body: '{}' })
      assert.ok(status >= 400 && status < 500, `answered ${status}`)
    })
  }),

  frameworkCase(
    'the URL is the request target, with its encoding untouched',
    async (under) => {
      const target = `/webhooks/source${ENCODED}`
      assertTarget(under, (await receive(under, { path: target })).url, target)
    },
    'url-encoding',
  ),

  frameworkCase(
    'the URL is the request target, byte for byte',
    async (under) => {
      const target = "/webhooks/source?it's=|^`{}[]\\&%zz"
      // Some servers refuse the rest of what RFC 3986 does not allow.
      const worse = `${target}"<>`
      const { url } = await receive(under, { path: target })
      if (under.has('exact-url')) {
        assert.equal(targetOf(url), target)
        assert.equal(targetOf((await receive(under, { path: worse })).url), worse)
      } else assertSameMeaning(targetOf(url), target)
    },
    'exact-url',
  ),

  frameworkCase(
    'the URL is the whole request target below a prefix as well',
    async (under) => {
      if (!under.has('prefix')) return
      const target = `/prefix/webhooks/source${ENCODED}`
      const { url, source } = await receive(under, { path: target }, '/prefix')
      assert.equal(source, 'source')
      assertTarget(under, url, target)
    },
    'prefix',
  ),

  frameworkCase(
    'a header that came twice stays two',
    async (under) => {
      const sent: HeaderPairs = [
        ['X-Signature', 'one'],
        ['Authorization', 'Basic a'],
        ['X-Signature', 'two'],
        ['Authorization', 'Basic b'],
        ['X-Signature', 'one'],
      ]
      const { headers } = await receive(under, { headers: sent })
      const valuesOf = (wanted: string): string[] =>
        headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
      const kept = under.has('repeated-headers')
      const [signatures, credentials] = [
        ['one', 'two', 'one'],
        ['Basic a', 'Basic b'],
      ]
      if (kept) assert.deepEqual(valuesOf('x-signature'), signatures)
      else assert.match(valuesOf('x-signature').join(' '), /^one, ?two, ?one$/)
      if (kept) assert.deepEqual(valuesOf('authorization'), credentials)
      else assert.match(valuesOf('authorization').join(), /^Basic a(, ?Basic b)?$/)
    },
    'repeated-headers',
  ),

  frameworkCase(
    'headers keep their case and their order',
    async (under) => {
      const sent: HeaderPairs = [
        ['X-Zulu', '1'],
        ['x-alpha', '2'],
        ['X-ALPHA-Mike', 'blanks  inside'],
      ]
      const { headers } = await receive(under, { headers: sent })
      const kept = headers.filter(([name]) => /^x-(zulu|alpha)/i.test(name))
      if (under.has('header-case')) return assert.deepEqual(kept, sent)
      const lowered = sent.map(([name, value]) => [name.toLowerCase(), value])
      assert.deepEqual(new Set(kept.map(String)), new Set(lowered.map(String)))
    },
    'header-case',
  ),

  frameworkCase(
    'header values keep every byte',
    async (under) => {
      const value = Buffer.from('caf\u00e9 ').toString('latin1') + 'caf\u00e9'
      const { headers } = await receive(under, { headers: [['X-Bytes', value]] })
      const arrived = headers.find(([name]) => name.toLowerCase() === 'x-bytes')?.[1] ?? ''
      if (under.has('header-bytes')) assert.equal(arrived, value)
      else assert.match(arrived, /^caf.+ caf./u)
    },
    'header-bytes',
  ),

  frameworkCase('every method reaches the receiver, with its query and its body', async (under) => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST']) {
      const path = '/webhooks/source?hub.challenge=42&hub.mode=subscribe'
      const withBody = method !== 'GET' && method !== 'OPTIONS'
      const one = await receive(under, { method, path, ...(withBody ? { body: 'bytes' } : {}) })
      assert.deepEqual([one.method, targetOf(one.url), one.source], [method, path, 'source'])
      assert.equal(new TextDecoder().decode(one.body), withBody ? 'bytes' : '')
    }
  }),

  frameworkCase(
    'HEAD reaches the receiver',
    async (under) => {
      const { method, source } = await receive(under, { method: 'HEAD' })
      assert.deepEqual([method, source], [under.has('head-method') ? 'HEAD' : 'GET', 'source'])
    },
    'head-method',
  ),

  frameworkCase(
    "the peer's address is the socket's, whatever headers claim",
    async (under) => {
      const headers: HeaderPairs = [
        ['X-Forwarded-For', '203.0.113.9'],
        ['X-Real-IP', '203.0.113.9'],
        ['Forwarded', 'for=203.0.113.9;host=elsewhere.example;proto=https'],
        ['X-Forwarded-Host', 'elsewhere.example'],
        ['X-Forwarded-Proto', 'https'],
      ]
      const { remoteAddress, url } = await receive(under, { headers })
      if (under.has('remote-address')) assert.match(remoteAddress ?? '', /^(::ffff:)?127\.0\.0\.1$|^::1$/)
      else assert.equal(remoteAddress, undefined)
      assert.doesNotMatch(url, /elsewhere/)
    },
    'remote-address',
  ),
]

/** What arrives of one request. */
async function receive(
  { serve }: FrameworkUnderTest,
  message: { method?: string; path?: string; headers?: HeaderPairs; body?: string },
  prefix?: string,
): Promise<Received> {
  const { receiver, received } = recordingReceiver()
  const origin = await serve({ receiver, ...(prefix === undefined ? {} : { prefix }) })
  const answer = await send(origin, { path: '/webhooks/source', ...message })
  assert.equal(answer.status, 200)
  assert.equal(received.length, 1)
  const one = received[0] as Received
  return { ...one, url: withoutBase(one.url, origin) }
}

function assertTarget(under: FrameworkUnderTest, url: string, target: string): void {
  if (under.has('url-encoding') || under.has('exact-url')) assert.equal(targetOf(url), target)
  else assertSameMeaning(targetOf(url), target)
}

function assertSameMeaning(actual: string, expected: string): void {
  const [left, right] = [actual, expected].map((target) => new URL(target, 'http://host'))
  assert.equal(left?.pathname, right?.pathname)
  assert.deepEqual([...(left?.searchParams ?? [])], [...(right?.searchParams ?? [])])
}

/** The cases know nothing of a path that the platform has before all others. */
function withoutBase(url: string, origin: string): string {
  const { pathname } = new URL(origin)
  return pathname === '/' ? url : url.replace(pathname, '')
}

function problemOf(body: Uint8Array): { readonly reason?: string } {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as { readonly reason?: string }
  } catch {
    return {}
  }
}

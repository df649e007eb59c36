import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { frameworkConformance } from '../../src/testing/index.ts'
import { type Adapter, correctAdapter, harnessOf, webHarness } from './reference-adapters.ts'

const { toIncoming, write } = correctAdapter

describe('frameworkConformance', () => {
  describe('of a correct adapter for node:http', () => {
    for (const { title, run } of frameworkConformance) test(title, () => run(harnessOf()))
  })

  describe('of a platform that speaks Request and Response', () => {
    for (const { title, run } of frameworkConformance) test(title, () => run(webHarness))
  })

  const broken: readonly (readonly [mistake: string, caught: string, pieces: Partial<Adapter>])[] = [
    [
      'writes JSON anew',
      'the exact bytes arrive with application/json content type',
      withBody((body) => Buffer.from(JSON.stringify(JSON.parse(body.toString())))),
    ],
    [
      'decodes the body',
      'the exact bytes arrive with no content type',
      withBody((body) => Buffer.from(body.toString('utf8'))),
    ],
    [
      'trims the body',
      'the exact bytes arrive with */* content type',
      withBody((body) => Buffer.from(body.toString('latin1').trim(), 'latin1')),
    ],
    [
      'inflates',
      'a compressed body arrives as it was sent',
      withBody((body) => (body[0] === 0x1f ? gunzipSync(body) : body)),
    ],
    ['cuts at 10 MB', 'the largest body arrives whole', withBody((body) => body.subarray(0, 10_000_000))],
    ['mixes requests', '100 requests at once keep their bodies apart', withSharedBody()],
    [
      'joins repeated headers',
      'a header that came twice stays two',
      {
        toIncoming: async (request) => ({
          ...(await toIncoming(request)),
          headers: Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
        }),
      },
    ],
    [
      'keeps the last of repeated headers',
      'a header that came twice stays two',
      {
        toIncoming: async (request) => {
          const incoming = await toIncoming(request)
          return { ...incoming, headers: [...new Map(incoming.headers).entries()] }
        },
      },
    ],
    [
      'takes header values for UTF-8',
      'header values keep every byte',
      {
        toIncoming: async (request) => {
          const incoming = await toIncoming(request)
          const decoded = incoming.headers.map(
            ([name, value]) => [name, Buffer.from(value, 'latin1').toString()] as const,
          )
          return { ...incoming, headers: decoded }
        },
      },
    ],
    [
      'writes header names in lower case',
      'headers keep their case and their order',
      {
        toIncoming: async (request) => {
          const incoming = await toIncoming(request)
          return { ...incoming, headers: incoming.headers.map(([name, value]) => [name.toLowerCase(), value]) }
        },
      },
    ],
    ['decodes the URL', 'the URL is the request target, with its encoding untouched', withUrl((url) => unescape(url))],
    [
      'forgets the query',
      'every method reaches the receiver, with its query and its body',
      withUrl((url) => url.replace(/\?.*/, '')),
    ],
    [
      'forgets the prefix',
      'the URL is the whole request target below a prefix as well',
      withUrl((url) => url.replace('/prefix', '')),
    ],
    [
      'normalizes the URL',
      'the URL is the request target, byte for byte',
      withUrl((url) => new URL(url, 'http://host').href),
    ],
    [
      'believes X-Forwarded-For',
      "the peer's address is the socket's, whatever headers claim",
      {
        toIncoming: async (request) => ({
          ...(await toIncoming(request)),
          remoteAddress: String(request.headers['x-forwarded-for']),
        }),
      },
    ],
    [
      'takes everything for POST',
      'HEAD reaches the receiver',
      { toIncoming: async (request) => ({ ...(await toIncoming(request)), method: 'POST' }) },
    ],
    [
      'cuts the connection of a body that is too large',
      'a body that exceeds the limit is answered while it still comes',
      {
        write: (response, reply, request) =>
          reply.status === 413 ? void response.destroy() : write(response, reply, request),
      },
    ],
    [
      'has no notion that the body was read before',
      'a body that a parser has read is said at once, with the parser and what to do',
      { toIncoming: async (request) => ({ ...(await toIncoming(request)), body: request }) },
    ],
    [
      'drops the headers of a reply',
      'status, headers and body of a reply go out unchanged',
      { write: (response, reply, request) => write(response, { ...reply, headers: {} }, request) },
    ],
    [
      'gives every reply a type',
      'status, headers and body of a reply go out unchanged',
      {
        write: (response, reply, request) =>
          write(response, { ...reply, headers: { 'content-type': 'text/html', ...reply.headers } }, request),
      },
    ],
    [
      'gives a 204 a length',
      'an answer to HEAD, or of 204 or 304, has no body: 204',
      {
        write: (response, reply, request) =>
          write(response, { ...reply, headers: { ...reply.headers, 'content-length': '0' } }, request),
      },
    ],
    [
      'sends the body of a HEAD',
      'an answer to HEAD, or of 204 or 304, has no body: HEAD',
      {
        write: (response, reply) => {
          response.socket?.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${reply.body}`)
        },
      },
    ],
  ]

  test.each(broken)('catches an adapter that %s', async (_mistake, caught, pieces) => {
    const found = frameworkConformance.find(({ title }) => title === caught)
    await expect(found?.run(harnessOf(pieces))).rejects.toThrow()
  })

  test('has titles that say which case it is', () => {
    const titles = frameworkConformance.map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })
})

function withBody(change: (body: Buffer) => Uint8Array): Partial<Adapter> {
  return { toIncoming: async (request) => ({ ...(await toIncoming(request)), body: change(await buffer(request)) }) }
}

function withSharedBody(): Partial<Adapter> {
  let chunks: Uint8Array[] = []
  return {
    toIncoming: async (request) => {
      chunks = []
      for await (const chunk of request) chunks.push(chunk as Uint8Array)
      return { ...(await toIncoming(request)), body: Buffer.concat(chunks) }
    },
  }
}

function withUrl(change: (url: string) => string): Partial<Adapter> {
  return { toIncoming: async (request) => ({ ...(await toIncoming(request)), url: change(request.url ?? '') }) }
}

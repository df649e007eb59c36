import assert from 'node:assert/strict'
import { Buffer, isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { HeaderPairs } from '../../buffer/event-buffer.ts'
import { type FrameworkConformanceCase, frameworkCase } from './framework-case.ts'
import { type Message, messageHead, openConnection, send } from './http-connection.ts'
import { recordingReceiver } from './recording-receiver.ts'

const PATH = '/webhooks/source'
const LARGEST_BYTES = 26_214_400

const contentTypes: readonly (string | undefined)[] = [
  undefined,
  '*/*',
  'application/json',
  'application/json; charset=latin1',
  'application/vnd.provider+json; charset=utf-8',
  'application/x-www-form-urlencoded',
  'text/plain; charset=utf-16le',
  'application/xml',
  'multipart/form-data; boundary=none',
  'multipart/form-data',
  'application/octet-stream',
  'nothing like a media type;;',
]

const bodies: readonly (readonly [title: string, bytes: Uint8Array])[] = [
  ['JSON that no serializer writes', Buffer.from('{ "a": 1.0, "a": 2e0, "é": "\\u00e9" }\n')],
  ['JSON that is broken', Buffer.from('{"a":')],
  ['a form', Buffer.from('payload=%7B%22a%22%3A1%7D&a=1&a=2&b=+%20')],
  ['every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0xff, 0xfe, 0x22, 0x7d])],
  ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
  ['CRLF and blanks around', Buffer.from('\r\n {"a":1}\r\n\r\n')],
  ['NULs', Buffer.alloc(16)],
  ['nothing', Buffer.alloc(0)],
]

/** The bytes that the signature covers arrive as they were sent. */
export const bodyCases: readonly FrameworkConformanceCase[] = [
  ...contentTypes.map((contentType) =>
    frameworkCase(`the exact bytes arrive with ${contentType ?? 'no'} content type`, async ({ serve, has }) => {
      const { receiver, received } = recordingReceiver()
      const origin = await serve({ receiver })
      const headers: HeaderPairs = contentType === undefined ? [] : [['Content-Type', contentType]]
      for (const [title, body] of bodies) {
        const before = received.length
        const { status } = await send(origin, { path: PATH, headers, body })
        const isRefused = !has('any-bytes') && !isUtf8(body) && received.length === before
        assert.equal(status, isRefused ? 500 : 200, title)
        if (!isRefused) assertBytes(received[before]?.body, body, title)
      }
    }),
  ),

  frameworkCase('a request without any content arrives as an empty body', async ({ serve }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    for (const headers of [[], [['Content-Type', 'application/json']]] as HeaderPairs[]) {
      assert.equal((await send(origin, { path: PATH, headers })).status, 200)
      assertBytes(received.at(-1)?.body, new Uint8Array(0), 'no content')
    }
  }),

  frameworkCase('the exact bytes arrive in chunks', async ({ serve, has }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    const whole = Uint8Array.from({ length: has('any-bytes') ? 256 : 128 }, (_, index) => index)
    const chunks = Array.from(whole, (byte) => Uint8Array.of(byte))
    const headers: HeaderPairs = [['Content-Type', 'application/json']]
    assert.equal((await send(origin, { path: PATH, headers, chunks })).status, 200)
    assertBytes(received[0]?.body, whole, 'chunks of one byte')
  }),

  frameworkCase('a compressed body arrives as it was sent', async ({ serve }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    const body = gzipSync('{"a":1}')
    for (const [encoding, bytes] of [
      ['gzip', body],
      ['gzip', Buffer.from('not what it says')],
      ['br', body],
      ['unheard-of', body],
    ] as const) {
      const headers: HeaderPairs = [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', encoding],
      ]
      assert.equal((await send(origin, { path: PATH, headers, body: bytes })).status, 200, encoding)
      assertBytes(received.at(-1)?.body, bytes, encoding)
    }
  }),

  frameworkCase('the largest body arrives whole', async ({ serve, harness }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    const body = Buffer.alloc(harness.maxBodyBytes ?? LARGEST_BYTES, 'all work and no play ')
    const chunked: Message = { path: PATH, chunks: [body.subarray(0, body.length / 2), body.subarray(body.length / 2)] }
    for (const message of [{ path: PATH, body }, chunked]) {
      assert.equal((await send(origin, { ...message, headers: [['Content-Type', 'application/json']] })).status, 200)
      assert.equal(sha256(received.at(-1)?.body), sha256(body))
    }
  }),

  frameworkCase('a sender that waits for 100 Continue is asked to go on', async ({ serve }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    const body = Buffer.from('{"a":1}')
    const connection = await openConnection(origin)
    try {
      connection.write(messageHead(origin, { path: PATH, headers: [['Expect', '100-continue']], body }))
      assert.equal((await connection.answer()).status, 100)
      connection.write(body)
      assert.equal((await connection.answer()).status, 200)
    } finally {
      connection.destroy()
    }
    assertBytes(received[0]?.body, body, 'expected')
  }),

  frameworkCase('100 requests at once keep their bodies apart', async ({ serve }) => {
    const { receiver, received } = recordingReceiver()
    const origin = await serve({ receiver })
    const bodies = Array.from({ length: 100 }, (_, index) => Buffer.from(`${index};`.repeat(1_000)))
    const connections = await Promise.all(bodies.map(() => openConnection(origin)))
    try {
      for (const [index, connection] of connections.entries()) {
        const headers: HeaderPairs = [['X-Index', String(index)]]
        connection.write(messageHead(origin, { path: PATH, headers, body: bodies[index] ?? '' }))
      }
      // A piece of each in turn, so that no body has come while another has not begun.
      for (const start of [0, 1_000, 2_000]) {
        for (const [index, connection] of connections.entries())
          connection.write(bodies[index]?.subarray(start, start === 2_000 ? undefined : start + 1_000) ?? '')
        // An answer to somebody else says that the server has been round.
        await send(origin, { path: '/webhooks/other' })
      }
      const answers = await Promise.all(connections.map((connection) => connection.answer()))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    } finally {
      for (const connection of connections) connection.destroy()
    }
    const arrived = received.filter(({ source }) => source === 'source')
    assert.equal(arrived.length, 100)
    for (const { headers, body } of arrived) {
      const index = Number(headers.find(([name]) => name.toLowerCase() === 'x-index')?.[1])
      assertBytes(body, bodies[index] ?? Buffer.alloc(0), `request ${index}`)
    }
  }),
]

function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array, title: string): void {
  assert.ok(actual !== undefined, `${title}: nothing arrived`)
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'), title)
}

function sha256(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex')
}

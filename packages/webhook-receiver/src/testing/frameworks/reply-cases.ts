import assert from 'node:assert/strict'
import type { WebhookReply } from '../../receiver/receiver.ts'
import { type FrameworkConformanceCase, frameworkCase } from './framework-case.ts'
import { headerOf, messageHead, openConnection, send } from './http-connection.ts'
import { recordingReceiver } from './recording-receiver.ts'

const PATH = '/webhooks/source'
const text = { 'content-type': 'text/plain' }

const replies: readonly WebhookReply[] = [
  { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"accepted"}' },
  { status: 202, headers: { ...text, 'x-note': 'a, b' }, body: 'challenge \u2713\r\n' },
  { status: 200, headers: {}, body: '' },
  { status: 401, headers: { 'content-type': 'application/problem+json' }, body: '{"code":"signature_invalid"}' },
  { status: 405, headers: { 'content-type': 'application/problem+json', allow: 'GET, POST' }, body: '{}' },
  { status: 413, headers: { 'content-type': 'application/problem+json' }, body: '{}' },
  { status: 500, headers: { 'content-type': 'application/problem+json' }, body: '{"status":500}' },
  { status: 503, headers: { 'content-type': 'application/problem+json', 'retry-after': '5' }, body: '{"status":503}' },
]

/** The answer goes out as the receiver gave it. */
export const replyCases: readonly FrameworkConformanceCase[] = [
  frameworkCase('status, headers and body of a reply go out unchanged', async ({ serve }) => {
    let reply: WebhookReply = replies[0] as WebhookReply
    const { receiver } = recordingReceiver(() => reply)
    const origin = await serve({ receiver })
    for (reply of replies) {
      // A browser's wishes must not have the answer compressed, or turned into a page.
      const headers = [
        ['Accept', 'text/html'],
        ['Accept-Encoding', 'gzip, br'],
        ['If-None-Match', '*'],
      ] as const
      const answer = await send(origin, { path: PATH, headers, body: '{}' })
      assert.equal(answer.status, reply.status)
      assert.equal(answer.body.toString(), reply.body)
      for (const [name, value] of Object.entries(reply.headers)) assert.equal(headerOf(answer, name), value)
      if (reply.body === '') assert.equal(headerOf(answer, 'content-type'), undefined)
      assert.equal(headerOf(answer, 'content-encoding'), undefined)
    }
  }),

  frameworkCase('GET is answered with the body of the reply, as handshakes need it', async ({ serve }) => {
    const { receiver } = recordingReceiver(({ method }) => ({ status: 200, headers: text, body: `you sent ${method}` }))
    const answer = await send(await serve({ receiver }), { method: 'GET', path: `${PATH}?challenge=1` })
    assert.deepEqual([answer.status, answer.body.toString()], [200, 'you sent GET'])
  }),

  ...(
    [
      ['HEAD', 'HEAD', { status: 200, headers: text, body: 'for GET' }],
      ['204', 'POST', { status: 204, headers: {}, body: '' }],
      ['304', 'GET', { status: 304, headers: { etag: '"1"' }, body: '' }],
    ] as const
  ).map(([title, method, reply]) =>
    frameworkCase(`an answer to HEAD, or of 204 or 304, has no body: ${title}`, async ({ serve }) => {
      const { receiver } = recordingReceiver(() => reply)
      const origin = await serve({ receiver })
      const connection = await openConnection(origin)
      try {
        connection.write(messageHead(origin, { method, path: PATH }, [['Connection', 'close']]))
        const answer = await connection.answer(method)
        assert.equal(answer.status, reply.status)
        assert.equal((await connection.rest()).toString('latin1'), '')
        // RFC 9110 section 8.6: never with 204.
        if (reply.status === 204) assert.equal(headerOf(answer, 'content-length'), undefined)
      } finally {
        connection.destroy()
      }
    }),
  ),
]

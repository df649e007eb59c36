import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { type FrameworkConformanceCase, frameworkCase } from './framework-case.ts'
import {
  type Answer,
  chunkOf,
  type Message,
  messageBody,
  messageHead,
  openConnection,
  send,
} from './http-connection.ts'
import { signatureOf, signedLimitBytes, withSignedReceiver } from './signed-source.ts'

const PATH = '/webhooks/signed'
const tooLarge: Uint8Array = Buffer.alloc(signedLimitBytes + 1, 'x')

/** The limit of a source holds while the body comes, and costs nobody a connection. */
export const limitCases: readonly FrameworkConformanceCase[] = [
  frameworkCase('a body as large as the limit is accepted, a byte more is answered 413', async ({ serve }) => {
    await withSignedReceiver(async ({ receiver }) => {
      const origin = await serve({ receiver })
      const body = tooLarge.subarray(1)
      for (const content of [{ body }, { chunks: [body] }])
        assert.equal((await send(origin, { path: PATH, headers: signatureOf(body), ...content })).status, 200)
      for (const content of [{ body: tooLarge }, { chunks: [tooLarge] }])
        assertTooLarge(await send(origin, { path: PATH, headers: signatureOf(tooLarge), ...content }))
      assert.equal(receiver.snapshot().accepted + receiver.snapshot().duplicates, 2)
    })
  }),

  frameworkCase(
    'a declared length above the limit is answered before the body has come',
    async ({ serve, has }) => {
      await withSignedReceiver(async ({ receiver }) => {
        const origin = await serve({ receiver })
        const connection = await openConnection(origin)
        try {
          connection.write(messageHead(origin, { path: PATH, body: tooLarge }))
          if (!has('streaming-body')) connection.write(tooLarge)
          assertTooLarge(await connection.answer())
        } finally {
          connection.destroy()
        }
      })
    },
    'streaming-body',
  ),

  frameworkCase(
    'a body that exceeds the limit is answered while it still comes',
    async ({ serve, has }) => {
      await withSignedReceiver(async ({ receiver }) => {
        const origin = await serve({ receiver })
        const connection = await openConnection(origin)
        try {
          connection.write(messageHead(origin, { path: PATH, chunks: [] }))
          for (const bytes of chunkOf(tooLarge)) connection.write(bytes)
          if (!has('streaming-body')) connection.write('0\r\n\r\n')
          assertTooLarge(await connection.answer())
        } finally {
          connection.destroy()
        }
      })
    },
    'streaming-body',
  ),

  ...(
    [
      ['with a declared length', { path: PATH, body: Buffer.alloc(20 * signedLimitBytes) }],
      ['in chunks', { path: PATH, chunks: Array.from({ length: 20 }, () => tooLarge) }],
    ] as const satisfies readonly (readonly [string, Message])[]
  ).map(([title, message]) =>
    frameworkCase(
      `the connection goes on after a body that was too large, or is closed: ${title}`,
      async ({ serve }) => {
        await withSignedReceiver(async ({ receiver }) => {
          const origin = await serve({ receiver })
          const connection = await openConnection(origin)
          try {
            connection.write(messageHead(origin, message))
            for (const bytes of messageBody(message)) connection.write(bytes)
            assertTooLarge(await connection.answer())
            // Not before: some servers close a connection on which requests are pipelined.
            const next: Message = { path: PATH, headers: signatureOf('{}'), body: '{}' }
            connection.write(messageHead(origin, next, [['Connection', 'close']]))
            connection.write('{}')
            const second = await connection.answer().catch((error: Error) => error)
            if (second instanceof Error) assert.match(second.message, /closed the connection/)
            else assert.equal(second.status, 200)
          } finally {
            connection.destroy()
          }
          assert.equal(
            (await send(origin, { path: PATH, headers: signatureOf('{"a":1}'), body: '{"a":1}' })).status,
            200,
          )
        })
      },
    ),
  ),
]

function assertTooLarge(answer: Answer): void {
  const { reason } = JSON.parse(answer.body.toString() || '{}') as { readonly reason?: string }
  assert.deepEqual([answer.status, reason], [413, 'body_too_large'])
}

import assert from 'node:assert/strict'
import { systemClock } from '@holdfast/core'
import { type FrameworkConformanceCase, frameworkCase } from './framework-case.ts'
import { messageHead, openConnection, send } from './http-connection.ts'
import { recordingReceiver } from './recording-receiver.ts'
import { signatureOf, withSignedReceiver } from './signed-source.ts'

const PATH = '/webhooks/signed'
const good = { path: PATH, headers: signatureOf('{}'), body: '{}' }

/** What goes wrong is said at once, and costs nobody else anything. */
export const faultCases: readonly FrameworkConformanceCase[] = [
  frameworkCase(
    'a sender that goes away in the middle of a body is refused, and nothing is stored',
    async ({ serve, has }) => {
      await withSignedReceiver(async ({ receiver, refusals, refused }) => {
        const origin = await serve({ receiver })
        for (const length of [['Content-Length', '1000'] as const, ['Transfer-Encoding', 'chunked'] as const]) {
          const connection = await openConnection(origin)
          connection.write(messageHead(origin, { path: PATH, headers: [...signatureOf('{}'), length] }))
          connection.write(length[1] === 'chunked' ? '1\r\n{\r\n' : '{}')
          // What the server has of the body is in flight; an answer to another request says that it was read.
          await send(origin, { path: '/webhooks/nobody', body: '' })
          connection.destroy()
          if (has('abort')) assert.equal((await refused('body_aborted')).status, 400)
        }
        assert.equal(receiver.snapshot().accepted, 0)
        assert.equal((await send(origin, good)).status, 200)
        assert.equal(refusals.filter(({ reason }) => reason === 'body_aborted').length, has('abort') ? 2 : 0)
      })
    },
    'abort',
  ),

  frameworkCase('a sender that does not wait for its answer harms nobody', async ({ serve }) => {
    let leave = (): void => {}
    const { receiver } = recordingReceiver(async ({ source }) => {
      if (source === 'impatient') {
        leave()
        await systemClock.sleep(50)
      }
      return { status: 200, headers: {}, body: '' }
    })
    const origin = await serve({ receiver })
    for (let round = 0; round < 3; round++) {
      const connection = await openConnection(origin)
      const gone = new Promise<void>((resolve) => {
        leave = () => {
          connection.destroy()
          resolve()
        }
      })
      connection.write(messageHead(origin, { path: '/webhooks/impatient', body: '{}' }))
      connection.write('{}')
      await gone
    }
    assert.equal((await send(origin, { path: '/webhooks/patient', body: '{}' })).status, 200)
  }),

  frameworkCase('a body that a parser has read is said at once, with the parser and what to do', async (under) => {
    for (const parser of under.harness.parsers) {
      await withSignedReceiver(async ({ receiver, refused }) => {
        const origin = await under.serve({ receiver, parser: parser.name })
        const headers = [['Content-Type', parser.contentType] as const, ...signatureOf(parser.body)]
        const { status } = await send(origin, { path: PATH, headers, body: parser.body })
        assert.ok(status >= 500, `${parser.name}: answered ${status}`)
        const error = await refused('raw_body_unavailable')
        assert.deepEqual([error.code, error.name], ['configuration_error', 'RawBodyUnavailableError'], parser.name)
        for (const phrase of parser.blames) {
          const said = typeof phrase === 'string' ? error.message.includes(phrase) : phrase.test(error.message)
          assert.ok(said, `${parser.name}: ${error.message} does not say ${String(phrase)}`)
        }
        assert.deepEqual([receiver.snapshot().accepted, receiver.snapshot().refused], [0, 1], parser.name)
      })
    }
  }),
]

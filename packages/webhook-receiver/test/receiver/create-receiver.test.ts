import { createHmac } from 'node:crypto'
import { IntegrationError, systemClock } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer, NewEvent } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { WebhookReply } from '../../src/receiver/receiver.ts'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { deferred, receiverOptions, sample, SECRET, startedReceiver, webhook } from './receiver-fixture.ts'

describe('accept', () => {
  test('answers 200 with JSON once the event is stored, and delivers it whole', async () => {
    const delivered: WebhookEvent[] = []
    const receiver = await startedReceiver({
      destinations: { log: { handle: (event) => void delivered.push(event) } },
      clock: { ...systemClock, now: () => 1_764_000_000_123 },
    })
    const reply = await receiver.accept(
      'sample',
      webhook('{"id":"e1","type":"paid","tenant":"t1"}', { remoteAddress: '203.0.113.9' }),
    )
    expect(reply).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"status":"accepted"}',
    })
    await receiver.drained()
    expect(delivered[0]).toMatchObject({
      id: 'e1',
      eventId: 'e1',
      type: 'paid',
      tenant: 't1',
      source: 'sample',
      receivedAt: 1_764_000_000_123,
      method: 'POST',
      url: '/webhooks/sample?x=1',
      remoteAddress: '203.0.113.9',
    })
    expect(delivered[0]?.json()).toEqual({ id: 'e1', type: 'paid', tenant: 't1' })
  })

  test('tells 64-bit ids apart that a double rounds to the same', async () => {
    const receiver = await startedReceiver()
    await receiver.accept('sample', webhook('{"id":12345678901234567891}'))
    await receiver.accept('sample', webhook('{"id":12345678901234567892}'))
    expect(receiver.snapshot()).toMatchObject({ accepted: 2, duplicates: 0 })
  })

  test('answers a duplicate as it answered the original, and stores it once', async () => {
    const delivered: string[] = []
    const receiver = await startedReceiver({ destinations: { log: { handle: ({ id }) => void delivered.push(id) } } })
    const first = await receiver.accept('sample', webhook('{"id":"e1"}'))
    expect(await receiver.accept('sample', webhook('{"id":"e1"}'))).toEqual(first)
    await receiver.drained()
    expect(delivered).toEqual(['e1'])
    expect(receiver.snapshot()).toMatchObject({ accepted: 1, duplicates: 1, refused: 0 })
  })

  test('does not answer before the event is durable', async () => {
    const stored = deferred()
    const inner = memoryBuffer()
    const buffer: EventBuffer = {
      ...inner,
      append: async (events) => {
        await stored.promise
        return inner.append(events)
      },
    }
    const receiver = await startedReceiver({ buffer })
    let reply: WebhookReply | undefined
    const answering = receiver.accept('sample', webhook('{"id":"e1"}')).then((value) => {
      reply = value
    })
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(reply).toBeUndefined()
    stored.resolve()
    await answering
    expect(reply).toMatchObject({ status: 200 })
  })

  test.each([
    [202, '{"status":"accepted"}'],
    [204, ''],
  ])('answers %d where the connector says so', async (status, body) => {
    const connector = { ...sample, webhook: { verify: [], ...sample.webhook, ack: { status } } }
    const receiver = await startedReceiver({ sources: { sample: { connector, secrets: [SECRET] } } })
    expect(await receiver.accept('sample', webhook('{"id":"e1"}'))).toMatchObject({ status, body })
  })

  test.each(['unknown', '', '__proto__', 'constructor', 'toString', 'sample/../sample'])(
    'answers 404 to the source name %j',
    async (name) => {
      const receiver = await startedReceiver()
      expect(problemOf(await receiver.accept(name, webhook('{}')))).toMatchObject({
        status: 404,
        code: 'not_found',
        reason: 'unknown_source',
      })
    },
  )

  test.each(['GET', 'HEAD', 'PUT', 'post'])('answers 405 to %s', async (method) => {
    const receiver = await startedReceiver()
    const reply = await receiver.accept('sample', webhook('{}', { method }))
    expect(reply.headers).toMatchObject({ allow: 'POST' })
    expect(problemOf(reply)).toMatchObject({ status: 405, reason: 'method_not_allowed' })
  })

  test('answers 401 to a wrong signature and never touches the buffer', async () => {
    const appended: (readonly NewEvent[])[] = []
    const inner = memoryBuffer()
    const receiver = await startedReceiver({
      buffer: { ...inner, append: (events) => (appended.push(events), inner.append(events)) },
    })
    const forged = { ...webhook('{"id":"e1"}'), body: Buffer.from('{"id":"e2"}') }
    expect(problemOf(await receiver.accept('sample', forged))).toEqual({
      type: 'urn:holdfast:error:signature_invalid',
      title: 'An incoming webhook failed verification.',
      status: 401,
      detail: 'An incoming webhook failed verification.',
      code: 'signature_invalid',
      reason: 'mismatch',
      fault: 'caller',
      retryable: 'never',
      delivery: 'answered',
    })
    expect(appended).toEqual([])
  })

  test('answers 413 to a body above the limit of the source', async () => {
    const receiver = await startedReceiver()
    expect(problemOf(await receiver.accept('sample', webhook('x'.repeat(1025))))).toMatchObject({
      status: 413,
      reason: 'body_too_large',
    })
    expect((await receiver.accept('sample', webhook('x'.repeat(1024)))).status).toBe(200)
  })

  test.each([
    ['buffer_full', 503],
    ['buffer_overloaded', 503],
    ['buffer_failed', 503],
    ['buffer_closed', 503],
    ['stale_lease', 503],
    ['event_too_large', 413],
  ] as const)('answers a buffer that refuses as %s with %d', async (reason, status) => {
    const receiver = await startedReceiver({
      buffer: failingBuffer(
        new BufferError(reason, 'The directory /srv/inbox is in trouble.', { retryAfterMs: 12_345 }),
      ),
    })
    const reply = await receiver.accept('sample', webhook('{"id":"e1"}'))
    expect(problemOf(reply)).toMatchObject({ status, reason })
    expect(reply.headers['retry-after']).toBe(status === 503 ? '13' : undefined)
    expect(reply.body).not.toContain('/srv/inbox')
    expect(receiver.snapshot()).toMatchObject({ accepted: 0, refused: 1 })
  })

  test('answers 503 when the buffer throws something unknown', async () => {
    const receiver = await startedReceiver({ buffer: failingBuffer(new TypeError('secret detail')) })
    const reply = await receiver.accept('sample', webhook('{"id":"e1"}'))
    expect(problemOf(reply)).toMatchObject({ status: 503, code: 'internal_error' })
    expect(reply.headers['retry-after']).toBe('5')
    expect(reply.body).not.toContain('secret detail')
  })

  test('answers 503 before the start and after the stop', async () => {
    const receiver = createReceiver(receiverOptions())
    const before = await receiver.accept('sample', webhook('{"id":"e1"}'))
    expect(problemOf(before)).toMatchObject({ status: 503, code: 'overloaded', reason: 'not_running' })
    expect(before.headers['retry-after']).toBe('5')
    await receiver.start()
    await receiver.stop()
    expect(problemOf(await receiver.accept('sample', webhook('{"id":"e1"}')))).toMatchObject({ reason: 'not_running' })
  })

  test('answers 503 to a request that was being read while the receiver stopped', async () => {
    const receiver = createReceiver(receiverOptions())
    await receiver.start()
    const gate = deferred()
    const body = (async function* () {
      yield Buffer.from('{"id":')
      await gate.promise
      yield Buffer.from('"e1"}')
    })()
    const reply = receiver.accept('sample', webhook('{"id":"e1"}', { body }))
    await receiver.stop()
    gate.resolve()
    expect(problemOf(await reply)).toMatchObject({ status: 503, reason: 'not_running' })
  })

  test('goes on when a listener throws', async () => {
    const receiver = await startedReceiver()
    receiver.on('webhook:accepted', () => {
      throw new Error('listener')
    })
    expect((await receiver.accept('sample', webhook('{"id":"e1"}'))).status).toBe(200)
  })

  test('reports what was accepted, repeated and refused', async () => {
    const receiver = await startedReceiver()
    const seen: unknown[] = []
    receiver.on('webhook:accepted', (event) => seen.push(['accepted', event.source, event.id]))
    receiver.on('webhook:duplicate', (event) => seen.push(['duplicate', event.source, event.id]))
    receiver.on('webhook:refused', (event) => seen.push(['refused', event.source, event.status, event.error.reason]))
    await receiver.accept('sample', webhook('{"id":"e1"}'))
    await receiver.accept('sample', webhook('{"id":"e1"}'))
    await receiver.accept('sample', { ...webhook('{}'), headers: [] })
    await receiver.accept('anything', webhook('{}'))
    expect(seen).toEqual([
      ['accepted', 'sample', 'e1'],
      ['duplicate', 'sample', 'e1'],
      ['refused', 'sample', 401, 'missing_header'],
      ['refused', '', 404, 'unknown_source'],
    ])
  })

  test('refuses with the error of an adapter that cannot give the body', async () => {
    const error = new IntegrationError({ code: 'configuration_error', reason: 'raw_body_unavailable' })
    const body = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
    const receiver = await startedReceiver()
    expect(problemOf(await receiver.accept('sample', webhook('', { body })))).toMatchObject({
      status: 500,
      reason: 'raw_body_unavailable',
    })
  })
})

describe('handle', () => {
  test('takes a Request and answers with a Response', async () => {
    const receiver = await startedReceiver()
    const response = await receiver.handle('sample', request('{"id":"e1"}'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ status: 'accepted' })
  })

  test('verifies the bytes of a streaming body', async () => {
    const receiver = await startedReceiver()
    const bytes = new Uint8Array([0xff, 0x00, 0xfe])
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const headers = { 'x-signature': createHmac('sha256', SECRET).update(bytes).digest('hex') }
    const streaming = new Request('http://localhost/', { method: 'POST', headers, body: stream, duplex: 'half' })
    expect((await receiver.handle('sample', streaming)).status).toBe(200)
  })

  test('answers 500 to a body that was read before, and says that it was not the sender', async () => {
    const receiver = await startedReceiver()
    const consumed = request('{"id":"e1"}')
    await consumed.text()
    const response = await receiver.handle('sample', consumed)
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ code: 'configuration_error', reason: 'raw_body_unavailable' })
  })

  test('cancels a body that is too large', async () => {
    const receiver = await startedReceiver()
    const canceled = deferred()
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(600)),
      cancel: () => canceled.resolve(),
    })
    const streaming = new Request('http://localhost/', { method: 'POST', body: endless, duplex: 'half' })
    expect((await receiver.handle('sample', streaming)).status).toBe(413)
    await canceled.promise
  })

  test('answers 204 without a body', async () => {
    const connector = { ...sample, webhook: { verify: [], ...sample.webhook, ack: { status: 204 } } }
    const receiver = await startedReceiver({ sources: { sample: { connector, secrets: [SECRET] } } })
    const response = await receiver.handle('sample', request('{"id":"e1"}'))
    expect([response.status, response.body]).toEqual([204, null])
  })
})

function request(text: string): Request {
  const headers = { 'x-signature': createHmac('sha256', SECRET).update(text).digest('hex') }
  return new Request('http://localhost/webhooks/sample', { method: 'POST', headers, body: text })
}

function problemOf(reply: WebhookReply): { readonly status: number } {
  expect(reply.headers['content-type']).toBe('application/problem+json')
  const problem = JSON.parse(reply.body) as { readonly status: number }
  expect(problem.status).toBe(reply.status)
  return problem
}

function failingBuffer(error: Error): EventBuffer {
  return { ...memoryBuffer(), append: () => Promise.reject(error) }
}

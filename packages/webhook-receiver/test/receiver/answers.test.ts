import type { WebhookDescription } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { signed, sourceWith } from './source-fixture.ts'

const ackOf = (ack: WebhookDescription['ack']): Partial<WebhookDescription> => (ack === undefined ? {} : { ack })

describe('the answer to a stored event', () => {
  test.each([
    [undefined, { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"accepted"}' }],
    [{ status: 202 }, { status: 202, headers: { 'content-type': 'application/json' }, body: '{"status":"accepted"}' }],
    [{ status: 204 }, { status: 204, headers: {}, body: '' }],
    [
      { status: 200, body: '' },
      { status: 200, headers: {}, body: '' },
    ],
    [
      { status: 200, body: '[accepted]' },
      { status: 200, headers: { 'content-type': 'text/plain' }, body: '[accepted]' },
    ],
    [
      { status: 200, contentType: 'text/xml', body: '<Response/>' },
      { status: 200, headers: { 'content-type': 'text/xml' }, body: '<Response/>' },
    ],
  ] as const)('is what the connector says: %j', async (ack, reply) => {
    const { send } = await sourceWith(ackOf(ack))
    expect(await send(signed('{"a":1}'))).toEqual(reply)
    // A duplicate is answered as the original was.
    expect(await send(signed('{"a":1}'))).toEqual(reply)
  })

  test('sends headers of the request back', async () => {
    const { send } = await sourceWith(ackOf({ status: 200, body: '', echo: ['x-client', 'x-absent'] }))
    const reply = await send(signed('{}', { headers: [['X-Client', 'CBJ']] }))
    expect(reply).toEqual({ status: 200, headers: { 'x-client': 'CBJ' }, body: '' })
  })
})

describe('the answer to what is not authentic', () => {
  const forged = signed('{}', {}, 'another secret')

  test('is 401 with problem details', async () => {
    const { send, events } = await sourceWith({})
    const reply = await send(forged)
    expect(reply).toMatchObject({ status: 401, headers: { 'content-type': 'application/problem+json' } })
    expect(JSON.parse(reply.body)).toMatchObject({ status: 401, code: 'signature_invalid', reason: 'mismatch' })
    expect(events.of('webhook:refused')).toEqual([
      { source: 'acme', status: 401, error: expect.anything(), durationMs: expect.any(Number) },
    ])
  })

  test('has the status, and the empty body, that the provider wants', async () => {
    const { send, events } = await sourceWith({ refuse: { status: 498 } })
    const reply = await send(forged)
    expect(reply.status).toBe(498)
    expect(JSON.parse(reply.body)).toMatchObject({ status: 498, reason: 'mismatch' })
    expect(events.of('webhook:refused')[0]).toMatchObject({ status: 498, error: { reason: 'mismatch' } })
    const empty = await sourceWith({ refuse: { status: 401, body: '' } })
    expect(await empty.send(forged)).toEqual({ status: 401, headers: {}, body: '' })
  })

  test('is that for nothing else', async () => {
    const { send } = await sourceWith({ refuse: { status: 498, body: '' } }, { maxBodyBytes: 10 })
    expect((await send({ method: 'PUT' })).status).toBe(405)
    expect((await send(signed('{"a":"far too long"}'))).status).toBe(413)
  })
})

describe('listeners', () => {
  test('hear how an event was verified, so that a rotation can be ended', async () => {
    const secrets = [{ value: 'new secret', id: '2026' }, 'old secret']
    const { send, events } = await sourceWith({}, { secrets })
    await send(signed('{"a":1}', {}, 'new secret'))
    await send(signed('{"a":1}', {}, 'old secret'))
    expect(events.of('webhook:accepted')[0]).toMatchObject({
      source: 'acme',
      scheme: 'hmac',
      strength: 'signature',
      keyIndex: 0,
      keyId: '2026',
    })
    const [duplicate] = events.of('webhook:duplicate')
    expect(duplicate).toMatchObject({ keyIndex: 1 })
    expect(duplicate).not.toHaveProperty('keyId')
  })

  test('hear which source was asked for and which there are, and the sender does not', async () => {
    const { receiver, events } = await sourceWith({})
    const reply = await receiver.accept('acmee', { method: 'POST', url: '/', headers: [], body: null })
    expect(events.of('webhook:refused')[0]?.error.message).toBe('There is no source "acmee"; there are: acme.')
    expect(reply.body).not.toContain('acme')
  })

  test('hear which method came and which one is expected', async () => {
    const { send, events } = await sourceWith({})
    await send({ method: 'PUT' })
    expect(events.of('webhook:refused')[0]?.error.message).toMatch(/comes with PUT; expected POST\.$/)
  })

  test('hear what probably went wrong, and the sender does not', async () => {
    const { send, events } = await sourceWith({})
    const { headers = [] } = signed('{"a":1}')
    const reply = await send({ headers, body: new TextEncoder().encode('{"a":1}\n') })
    expect(events.of('webhook:refused')[0]).toMatchObject({ status: 401, hint: expect.any(String) })
    expect(reply.body).not.toContain(String(events.of('webhook:refused')[0]?.hint))
  })
})

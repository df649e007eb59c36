import { createHash } from 'node:crypto'
import type { WebhookDescription } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { jsonBytes } from '../batch/json-text.ts'
import { startedReceiver, SECRET } from './receiver-fixture.ts'
import { connectorOf, signed, sourceWith, textOf } from './source-fixture.ts'

const batched: Partial<WebhookDescription> = {
  batch: { pointer: '' },
  eventId: { from: 'body', pointer: '/id', signed: true },
  eventType: { from: 'body', pointer: '/type', signed: true },
  tenant: { from: 'body', pointer: '/shop', signed: true },
  occurredAt: { from: 'body', pointer: '/at', signed: true, format: 'epoch_s' },
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

describe('a delivery of several events', () => {
  test('becomes one event for each, in order, with the bytes of the item', async () => {
    const { send, stored, appends } = await sourceWith(batched)
    const body = ' [{"id":"a","type":"open","shop":"s1","at":1764000000},\r\n {"id" : 1.0 , "x":[1]} ]\r\n'
    expect((await send(signed(body, { remoteAddress: '203.0.113.9' }))).status).toBe(200)
    expect(appends).toEqual([2])
    const [first, second] = stored
    expect(first).toMatchObject({
      id: 'a',
      eventId: 'a',
      type: 'open',
      tenant: 's1',
      occurredAt: 1_764_000_000_000,
      batch: { id: sha256(body), index: 0, size: 2 },
      remoteAddress: '203.0.113.9',
    })
    expect(textOf(first?.body)).toBe('{"id":"a","type":"open","shop":"s1","at":1764000000}')
    expect(textOf(second?.body)).toBe('{"id" : 1.0 , "x":[1]}')
    expect(second).toMatchObject({ eventId: '1', batch: { index: 1, size: 2 } })
    expect(second).not.toHaveProperty('tenant')
  })

  test('is delivered item by item', async () => {
    const delivered: WebhookEvent[] = []
    const receiver = await startedReceiver({
      sources: { acme: { connector: connectorOf(batched), secrets: [SECRET] } },
      destinations: { log: { handle: (event) => void delivered.push(event) } },
    })
    const request = { method: 'POST', url: '/', headers: [], body: null, ...signed('[{"id":"a"},{"id":"b"}]') }
    await receiver.accept('acme', request)
    await receiver.drained()
    expect(delivered.map((event) => event.json())).toEqual([{ id: 'a' }, { id: 'b' }])
    expect(delivered.map((event) => event.batch?.index)).toEqual([0, 1])
  })

  test('is told to listeners event by event', async () => {
    const { send, events } = await sourceWith(batched)
    await send(signed('[{"id":"a"},{"id":"b"}]'))
    await send(signed('[{"id":"b"},{"id":"c"}]'))
    expect(events.names).toEqual(['webhook:accepted', 'webhook:accepted', 'webhook:duplicate', 'webhook:accepted'])
    expect(events.of('webhook:duplicate')[0]).toMatchObject({ source: 'acme', id: 'b', scheme: 'hmac', keyIndex: 0 })
  })

  test('loses only the items that were in an earlier one', async () => {
    const { send, stored, receiver } = await sourceWith(batched)
    await send(signed('[{"id":"a"},{"id":"b"}]'))
    expect((await send(signed('[{"id":"b"},{"id":"c"},{"id":"a"}]'))).status).toBe(200)
    expect(stored.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(receiver.snapshot()).toMatchObject({ accepted: 3, duplicates: 2 })
  })

  test('is stored as a whole or not at all', async () => {
    const buffer = memoryBuffer({ maxEventBytes: 20 })
    const receiver = await startedReceiver({
      buffer,
      sources: { acme: { connector: connectorOf(batched), secrets: [SECRET] } },
    })
    const request = (text: string) => ({ method: 'POST', url: '/', headers: [], body: null, ...signed(text) })
    const tooLarge = `[{"id":"a"},{"id":"${'b'.repeat(30)}"},{"id":"c"}]`
    expect((await receiver.accept('acme', request(tooLarge))).status).toBe(413)
    expect((await buffer.stats()).events).toBe(0)
    const failing = { ...memoryBuffer(), append: () => Promise.reject(new BufferError('buffer_full', 'Full.')) }
    const full = await startedReceiver({
      buffer: failing,
      sources: { acme: { connector: connectorOf(batched), secrets: [SECRET] } },
    })
    expect((await full.accept('acme', request('[{"id":"a"},{"id":"b"}]'))).status).toBe(503)
  })

  test('that is empty is acknowledged, and nothing is stored', async () => {
    const { send, appends, events, receiver } = await sourceWith({ ...batched, batch: { pointer: '/events' } })
    expect((await send(signed('{"events":[ ],"entropy":"x"}'))).status).toBe(200)
    expect(appends).toEqual([])
    expect(events.of('webhook:empty')).toEqual([
      { source: 'acme', scheme: 'hmac', strength: 'signature', keyIndex: 0, durationMs: expect.any(Number) },
    ])
    expect(receiver.snapshot()).toMatchObject({ accepted: 0, duplicates: 0, refused: 0 })
  })

  test('is verified before it is divided', async () => {
    const { send, appends } = await sourceWith(batched)
    expect((await send(signed('[{"id":"a"}]', {}, 'another secret'))).status).toBe(401)
    expect(appends).toEqual([])
  })

  test('without the array is one event, for nothing authentic is thrown away', async () => {
    const { send, stored } = await sourceWith({ ...batched, batch: { pointer: '/events' } })
    for (const body of ['{"ping":1}', '{"events":{"0":1}}', '[{"id":"a"}]', 'no JSON']) await send(signed(body))
    expect(stored.map((event) => textOf(event.body))).toEqual([
      '{"ping":1}',
      '{"events":{"0":1}}',
      '[{"id":"a"}]',
      'no JSON',
    ])
    for (const event of stored) expect(event).not.toHaveProperty('batch')
  })

  test('of more events than any provider sends is refused', async () => {
    const { send, appends } = await sourceWith(batched)
    const reply = await send(signed(`[${'1,'.repeat(10_000)}1]`))
    expect(reply.status).toBe(413)
    expect(JSON.parse(reply.body)).toMatchObject({ reason: 'batch_too_large' })
    expect(appends).toEqual([])
    expect((await send(signed(`[${'1,'.repeat(9_999)}1]`))).status).toBe(200)
  })

  test('may be JSON in a form field', async () => {
    const { send, stored } = await sourceWith({ ...batched, batch: { pointer: '/mandrill_events', json: true } })
    const items = '[{"id":"ä","type":"send"}, {"id":12345678901234567891}]'
    const form = `x=1&mandrill_events=${encodeURIComponent(items)}`
    const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const
    await send(signed(form, { headers }))
    expect(stored.map((event) => textOf(event.body))).toEqual([
      '{"id":"ä","type":"send"}',
      '{"id":12345678901234567891}',
    ])
    expect(stored.map(({ eventId }) => eventId)).toEqual(['ä', '12345678901234567891'])
    expect(stored[0]).toMatchObject({ type: 'send', batch: { size: 2 } })
    expect((await send(signed('mandrill_events=%5B%5D', { headers }))).status).toBe(200)
    expect(stored).toHaveLength(2)
  })

  test('has every byte of every item, in order, whatever the JSON', async () => {
    const decoder = new TextDecoder()
    await fc.assert(
      fc.asyncProperty(jsonBytes, async (json) => {
        const parsed: unknown = JSON.parse(decoder.decode(json))
        fc.pre(Array.isArray(parsed))
        const { send, stored } = await sourceWith({ batch: { pointer: '' } })
        await send(signed(json))
        expect(stored.map(({ body }): unknown => JSON.parse(decoder.decode(body)))).toEqual(parsed)
        expect(stored.map(({ batch }) => batch?.index)).toEqual(stored.map((_, index) => index))
      }),
      { numRuns: 200 },
    )
  })
})

describe('items without an id', () => {
  const nameless: Partial<WebhookDescription> = { batch: { pointer: '' } }

  test('are told apart by their bytes, not by their place or their delivery', async () => {
    const { send, stored } = await sourceWith(nameless)
    await send(signed('[{"a":1},{"a":2}]'))
    await send(signed('[{"a":2},{"a":3}]'))
    expect(stored.map((event) => textOf(event.body))).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
    expect(stored[0]?.id).toBe(sha256('{"a":1}'))
  })

  test('that are alike within one delivery are as many events as they are', async () => {
    const { send, stored } = await sourceWith(nameless)
    await send(signed('[{"a":1},{"a":1}]'))
    expect(stored).toHaveLength(2)
    await send(signed('[{"a":1},{"a":1}]'))
    expect(stored).toHaveLength(2)
  })
})

describe('items that are verified one by one', () => {
  const perItem: Partial<WebhookDescription> = {
    ...batched,
    verify: [{ scheme: 'token', bodyPointer: '/clientState', each: '/value' }],
    batch: { pointer: '/value' },
    ack: { status: 202 },
  }
  const delivery = (...states: readonly string[]): { readonly body: Uint8Array } => ({
    body: new TextEncoder().encode(
      JSON.stringify({ value: states.map((clientState, index) => ({ id: `n${index}`, clientState })) }),
    ),
  })

  test('are stored only when every one of them is authentic', async () => {
    const { send, stored } = await sourceWith(perItem)
    expect((await send(delivery(SECRET, 'forged', SECRET))).status).toBe(401)
    expect((await send(delivery(SECRET, SECRET, ''))).status).toBe(401)
    expect(stored).toEqual([])
    expect((await send(delivery(SECRET, SECRET))).status).toBe(202)
    expect(stored).toHaveLength(2)
  })

  test('cannot be smuggled in under a name that comes twice', async () => {
    const { send, stored } = await sourceWith(perItem)
    const good = `[{"id":"good","clientState":"${SECRET}"}]`
    const evil = '[{"id":"evil"}]'
    const send2 = (text: string): Promise<unknown> => send({ body: new TextEncoder().encode(text) })
    expect(await send2(`{"value":${good},"value":${evil}}`)).toMatchObject({ status: 401 })
    await send2(`{"value":${evil},"valu\\u0065":${good}}`)
    expect(stored.map(({ eventId }) => eventId)).toEqual(['good'])
  })

  test('have an id that an unsigned token does not vouch for, so that bytes count too', async () => {
    const { send, stored } = await sourceWith(perItem)
    await send(delivery(SECRET))
    expect(stored[0]?.id).toBe(`n0:${sha256(stored[0]?.body ?? '')}`)
  })
})

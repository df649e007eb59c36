import { createHmac } from 'node:crypto'
import type { HmacScheme, WebhookDescription } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { IncomingWebhook } from '../../src/receiver/receiver.ts'
import { startedReceiver, SECRET } from './receiver-fixture.ts'
import { bodySignature, connectorOf, signed, sourceWith } from './source-fixture.ts'

const unsignedId: Partial<WebhookDescription> = { eventId: { from: 'header', name: 'x-id', signed: false } }
const signedId: Partial<WebhookDescription> = { eventId: { from: 'body', pointer: '/id', signed: true } }

function withId(body: string, id: string): Partial<IncomingWebhook> {
  return signed(body, { headers: [['X-Id', id]] })
}

describe('whoever can send what was signed once', () => {
  test('cannot use an unsigned id to suppress an event that is still to come', async () => {
    const { send, stored } = await sourceWith(unsignedId)
    // A captured body under the id that the next event will have.
    await send(withId('{"captured":true}', 'next-id'))
    await send(withId('{"genuine":true}', 'next-id'))
    expect(stored).toHaveLength(2)
  })

  test('gets a captured event in again under a new unsigned id, which is why such an id is no proof', async () => {
    const { send, stored } = await sourceWith(unsignedId)
    await send(withId('{"a":1}', 'one'))
    await send(withId('{"a":1}', 'two'))
    expect(stored.map(({ eventId }) => eventId)).toEqual(['one', 'two'])
  })

  test('cannot make two ids into one that is his', async () => {
    const { send, stored } = await sourceWith(unsignedId)
    await send(withId('{"a":1}', 'x'))
    // The dedupe id of the first, as an id.
    await send(withId('{"a":2}', stored[0]?.id ?? ''))
    expect(new Set(stored.map(({ id }) => id)).size).toBe(2)
  })

  test('gets nothing in again where the id is signed', async () => {
    const { send, stored, receiver } = await sourceWith(signedId)
    const request = signed('{"id":"e1"}', { headers: [['X-Id', 'one']] })
    await send(request)
    await send({ ...request, headers: [...(request.headers ?? []), ['X-Id', 'two']] })
    expect(stored).toHaveLength(1)
    expect(receiver.snapshot().duplicates).toBe(1)
  })

  test('gets nothing in again as a body of another type', async () => {
    const { send, stored, receiver } = await sourceWith(signedId)
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', '']) {
      await send(signed('{"id":"e1"}', { headers: [['Content-Type', type]] }))
    }
    expect(stored.map(({ id }) => id)).toEqual(['e1'])
    expect(receiver.snapshot().duplicates).toBe(3)
  })

  test('gets nothing in again by writing the same form in another way', async () => {
    const message: HmacScheme['message'] = [{ part: 'url' }, { part: 'sortedForm', duplicates: 'unique_sorted' }]
    const { send, stored, receiver } = await sourceWith(
      { verify: [{ ...(bodySignature as HmacScheme), message }] },
      { publicUrl: 'https://acme.example' },
    )
    const signature = createHmac('sha256', SECRET).update('https://acme.example/smsBodyhiFrom+1').digest('hex')
    for (const form of ['From=%2B1&Body=hi', 'Body=hi&From=%2B1', 'Body=%68i&From=%2b1', 'Body=hi&Body=hi&From=%2B1']) {
      const headers = [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['X-Signature', signature],
      ] as const
      expect((await send({ url: '/sms', body: new TextEncoder().encode(form), headers })).status).toBe(200)
    }
    expect(stored).toHaveLength(1)
    expect(receiver.snapshot().duplicates).toBe(3)
  })

  test('gets nothing in again by writing the same URL in another way', async () => {
    const message: HmacScheme['message'] = [{ part: 'url', variants: ['legacy_query'] }, { part: 'body' }]
    const { send, stored, receiver } = await sourceWith(
      { verify: [{ ...(bodySignature as HmacScheme), message }] },
      { publicUrl: 'https://acme.example' },
    )
    const signature = createHmac('sha256', SECRET).update('https://acme.example/sms?a=b{}').digest('hex')
    for (const url of ['/sms?a=b', '/sms?a=%62', '/sms?%61=b']) {
      const request = { url, body: new TextEncoder().encode('{}'), headers: [['X-Signature', signature]] as const }
      expect((await send(request)).status).toBe(200)
    }
    expect(stored).toHaveLength(1)
    expect(receiver.snapshot().duplicates).toBe(2)
  })

  test('cannot make one event of the items of a batch', async () => {
    const { send, stored } = await sourceWith({ ...signedId, batch: { pointer: '' } })
    const type = 'application/x-www-form-urlencoded'
    await send(signed('[{"id":"e1"},{"id":"e2"}]', { headers: [['Content-Type', type]] }))
    expect(stored.map(({ id }) => id)).toEqual(['e1', 'e2'])
  })

  test('gains nothing from a header that comes twice', async () => {
    const { send, stored } = await sourceWith(unsignedId)
    await send(signed('{"a":1}', { headers: [['X-Id', 'one']] }))
    await send(
      signed('{"b":1}', {
        headers: [
          ['X-Id', 'one'],
          ['X-Id', ''],
        ],
      }),
    )
    expect(new Set(stored.map(({ id }) => id)).size).toBe(2)
  })
})

describe('a repeat', () => {
  const timed: HmacScheme = {
    ...(bodySignature as HmacScheme),
    message: [{ part: 'timestamp', after: '.' }, { part: 'body' }],
    timestamp: { from: 'header', name: 'x-time', format: 'epoch_s' },
  }
  const sign = (body: string, time: string): Partial<IncomingWebhook> => ({
    body: new TextEncoder().encode(body),
    headers: [
      ['X-Time', time],
      ['X-Signature', createHmac('sha256', SECRET).update(`${time}.${body}`).digest('hex')],
    ],
  })

  test('is one although it was signed anew, with or without an id', async () => {
    for (const webhook of [{}, signedId, unsignedId]) {
      const { send, receiver } = await sourceWith({ ...webhook, verify: [timed] })
      for (const time of ['1764000000', '1764000060']) {
        const request = sign('{"id":"e1"}', time)
        await send({ ...request, headers: [...(request.headers ?? []), ['X-Id', 'd1']] })
      }
      expect(receiver.snapshot()).toMatchObject({ accepted: 1, duplicates: 1 })
    }
  })

  test('is one although it was signed with another key', async () => {
    const { send, receiver } = await sourceWith({}, { secrets: [SECRET, 'new secret'] })
    await send(signed('{"a":1}'))
    await send(signed('{"a":1}', {}, 'new secret'))
    expect(receiver.snapshot()).toMatchObject({ accepted: 1, duplicates: 1 })
  })

  test('is none where another header is signed with it', async () => {
    const message: HmacScheme['message'] = [{ part: 'header', name: 'x-topic', after: ':' }, { part: 'body' }]
    const { send, stored } = await sourceWith({ verify: [{ ...(bodySignature as HmacScheme), message }] })
    for (const topic of ['created', 'deleted']) {
      const signature = createHmac('sha256', SECRET).update(`${topic}:{}`).digest('hex')
      await send({
        body: new TextEncoder().encode('{}'),
        headers: [
          ['X-Topic', topic],
          ['X-Signature', signature],
        ],
      })
    }
    expect(stored).toHaveLength(2)
  })

  test('is none where the same form is signed for another URL', async () => {
    const message: HmacScheme['message'] = [{ part: 'url' }, { part: 'body' }]
    const { send, stored } = await sourceWith(
      { verify: [{ ...(bodySignature as HmacScheme), message }] },
      { publicUrl: 'https://acme.example' },
    )
    for (const path of ['/status', '/sms']) {
      const signature = createHmac('sha256', SECRET).update(`https://acme.example${path}a=1`).digest('hex')
      await send({ url: path, body: new TextEncoder().encode('a=1'), headers: [['X-Signature', signature]] })
    }
    expect(stored).toHaveLength(2)
  })
})

describe('the same id', () => {
  test('from another source or another tenant is another event', async () => {
    const connector = connectorOf({ ...signedId, tenant: { from: 'body', pointer: '/tenant', signed: true } })
    const sources = { one: { connector, secrets: [SECRET] }, two: { connector, secrets: [SECRET] } }
    const receiver = await startedReceiver({ buffer: memoryBuffer(), sources })
    for (const [source, body] of [
      ['one', '{"id":"e"}'],
      ['two', '{"id":"e"}'],
      ['one', '{"id":"e","tenant":"a"}'],
      ['one', '{"id":"e","tenant":"b"}'],
      ['one', '{"id":"a\\u0000e"}'],
      ['one', '{"id":"e","tenant":"a\\u0000"}'],
      ['one', '{"id":"\\u0000e","tenant":"a"}'],
    ] as const) {
      await receiver.accept(source, { method: 'POST', url: '/', headers: [], body: null, ...signed(body) })
    }
    expect(receiver.snapshot()).toMatchObject({ accepted: 7, duplicates: 0 })
  })
})

describe('an id of several values', () => {
  const composed: Partial<WebhookDescription> = {
    eventId: {
      from: 'body',
      pointer: '/ref',
      signed: true,
      with: [
        { from: 'body', pointer: '/code' },
        { from: 'body', pointer: '/ok' },
      ],
    },
  }

  test('is one only where all of them are the same', async () => {
    const { send, stored, receiver } = await sourceWith(composed)
    await send(signed('{"ref":"r","code":"AUTH","ok":true,"try":1}'))
    await send(signed('{"ref":"r","code":"AUTH","ok":true,"try":2}'))
    await send(signed('{"ref":"r","code":"AUTH","ok":false}'))
    await send(signed('{"ref":"r","code":"REFUND","ok":true}'))
    expect(stored.map(({ id }) => id)).toEqual(['r:AUTH:true', 'r:AUTH:false', 'r:REFUND:true'])
    expect(stored.every(({ eventId }) => eventId === 'r')).toBe(true)
    expect(receiver.snapshot().duplicates).toBe(1)
  })

  test('cannot be made of other values that hold what separates them', async () => {
    const { send, stored } = await sourceWith(composed)
    const bodies = [
      '{"ref":"a:b","code":"c"}',
      '{"ref":"a","code":"b:c"}',
      '{"ref":"a","code":"b","ok":"c"}',
      '{"ref":"a%3Ab","code":"c"}',
      '{"ref":"a:b:c"}',
      '{"ref":"a","ok":"b"}',
      '{"ref":"a","code":"b"}',
    ]
    for (const body of bodies) await send(signed(body))
    expect(new Set(stored.map(({ id }) => id)).size).toBe(bodies.length)
  })

  test('counts with the body where one of them is not signed', async () => {
    const { send, stored } = await sourceWith({
      eventId: { from: 'body', pointer: '/ref', signed: true, with: [{ from: 'header', name: 'x-topic' }] },
    })
    const request = (topic: string): Partial<IncomingWebhook> =>
      signed('{"ref":"r"}', { headers: [['X-Topic', topic]] })
    await send(request('a'))
    expect(stored[0]?.id).toMatch(/^r:a:[0-9a-f]{64}$/)
  })
})

describe('an id in the query', () => {
  const inQuery: Partial<WebhookDescription> = { eventId: { from: 'query', name: 'id', signed: true } }

  test('counts with the body where the URL is not signed', async () => {
    const { send, stored } = await sourceWith(inQuery)
    await send(signed('{}', { url: '/hooks?id=a' }))
    expect(stored[0]).toMatchObject({ eventId: 'a', id: expect.stringMatching(/^a:[0-9a-f]{64}$/) })
  })

  test('counts alone where it is', async () => {
    const message: HmacScheme['message'] = [{ part: 'url', form: 'pathAndQuery' }, { part: 'body' }]
    const { send, stored } = await sourceWith({ ...inQuery, verify: [{ ...(bodySignature as HmacScheme), message }] })
    const signature = createHmac('sha256', SECRET).update('/hooks?id=a{}').digest('hex')
    await send({ url: '/hooks?id=a', body: new TextEncoder().encode('{}'), headers: [['X-Signature', signature]] })
    expect(stored[0]?.id).toBe('a')
  })
})

describe('the time of an event', () => {
  test.each([
    ['epoch_s', '1764000000', 1_764_000_000_000],
    ['epoch_s', '1764000000.247', 1_764_000_000_247],
    ['epoch_ms', '1764000000123', 1_764_000_000_123],
    ['epoch', '"1764000000123"', 1_764_000_000_123],
    ['rfc3339', '"2025-11-24T16:00:00.5+00:00"', 1_764_000_000_500],
    ['rfc3339', '"yesterday"', undefined],
    ['epoch_s', '"1e9"', undefined],
    ['epoch_s', 'null', undefined],
  ] as const)('is read as %s from %s', async (format, at, expected) => {
    const { send, stored } = await sourceWith({ occurredAt: { from: 'body', pointer: '/at', signed: true, format } })
    expect((await send(signed(`{"at":${at}}`))).status).toBe(200)
    expect(stored[0]?.occurredAt).toBe(expected)
  })
})

import {
  anything,
  array,
  assert,
  constant,
  double,
  integer,
  oneof,
  option,
  property,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import {
  checkEventSize,
  copyOfEvent,
  decodeEvent,
  encodeEventMeta,
  eventIdentity,
  identityOfMeta,
} from '../../src/buffer-kit/event-meta.ts'

const place = { partition: 3, position: '0000000000000007' }

const full: NewEvent = {
  id: 'evt_1',
  source: 'stripe',
  tenant: 'acme',
  key: 'cus_1',
  type: 'charge.succeeded',
  eventId: 'ch_1',
  receivedAt: 1_700_000_000_000,
  occurredAt: 1_699_999_999_000,
  batch: { id: 'ab12', index: 1, size: 3 },
  method: 'POST',
  url: '/webhooks/stripe',
  remoteAddress: '192.0.2.7',
  headers: [['Stripe-Signature', 't=1']],
  body: new Uint8Array([1, 2, 3]),
}

const optional = <Value>(value: Value): ReturnType<typeof option<Value, undefined>> =>
  option(constant(value), { nil: undefined })

describe('encodeEventMeta', () => {
  it('has the form that is in the stores of earlier versions', () => {
    expect(encodeEventMeta(full)).toBe(
      '{"i":"evt_1","s":"stripe","t":"acme","k":"cus_1","y":"charge.succeeded","e":"ch_1","r":1700000000000,' +
        '"o":1699999999000,"b":["ab12",1,3],"m":"POST","u":"/webhooks/stripe","a":"192.0.2.7","h":[["Stripe-Signature","t=1"]]}',
    )
  })

  it('gives back every event, without what it has not', () => {
    const events = record({
      id: string(),
      source: string(),
      receivedAt: integer(),
      method: string(),
      url: string(),
      headers: array(tuple(string(), string())),
      body: uint8Array(),
    })
    const rest = tuple(
      optional({ tenant: '' }),
      optional({ key: 'k' }),
      optional({ type: 't' }),
      optional({ eventId: 'e' }),
      optional({ occurredAt: 0 }),
      optional({ batch: { id: 'b', index: 0, size: 1 } }),
      optional({ remoteAddress: '::1' }),
    )
    assert(
      property(events, rest, (event, others) => {
        const body = new Uint8Array(event.body)
        const whole: NewEvent = Object.assign({}, event, ...others, { body })
        expect(decodeEvent(encodeEventMeta(whole), body, place)).toStrictEqual({ ...whole, ...place })
      }),
    )
  })
})

describe('copyOfEvent', () => {
  // Halves of surrogate pairs among them: a name that was cut can end with one.
  const text = (): ReturnType<typeof string> => string({ unit: 'binary' })
  const texts = oneof(
    text(),
    array(integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )
  const numbers = oneof({ weight: 60, arbitrary: integer() }, double(), constant(-0), constant(Number.NaN))
  const maybe = <Value>(values: Parameters<typeof option<Value>>[0]): ReturnType<typeof option<Value, undefined>> =>
    option(values, { nil: undefined })
  const required = {
    id: texts,
    source: texts,
    receivedAt: numbers,
    method: texts,
    url: texts,
    headers: array(tuple(texts, texts)),
    body: uint8Array(),
  }
  const others = {
    tenant: texts,
    key: texts,
    type: texts,
    eventId: texts,
    occurredAt: numbers,
    batch: record({ id: texts, index: numbers, size: numbers }),
    remoteAddress: texts,
  }

  it('gives what would be read back of any event, or nothing where JSON changes it', () => {
    let copied = 0
    const events = record(
      { ...required, ...others },
      { requiredKeys: ['id', 'source', 'receivedAt', 'method', 'url', 'headers', 'body'] },
    )
    assert(
      property(events, (event) => {
        const body = new Uint8Array(event.body)
        const copy = copyOfEvent(event as NewEvent, body, place)
        if (copy === undefined) return
        copied++
        expect(copy).toStrictEqual(decodeEvent(encodeEventMeta(event as NewEvent), body, place))
      }),
      { numRuns: 500 },
    )
    expect(copied).toBeGreaterThan(100)
  })

  it('has all of an event as most are, in the order of what is read back', () => {
    const body = new Uint8Array(full.body)
    const copy = copyOfEvent(full, body, place)
    expect(copy).toStrictEqual({ ...full, ...place })
    expect(copy?.body).toBe(body)
    expect(Object.keys(copy ?? {})).toEqual(Object.keys(decodeEvent(encodeEventMeta(full), body, place)))
  })

  it('shares nothing with the event that could change', () => {
    const copy = copyOfEvent(full, new Uint8Array(), place)
    expect(copy?.headers).not.toBe(full.headers)
    expect(copy?.headers[0]).not.toBe(full.headers[0])
    expect(copy?.batch).not.toBe(full.batch)
  })

  it('gives nothing for what got past the types', () => {
    const members = ['id', 'receivedAt', 'occurredAt', 'url', 'tenant', 'remoteAddress'] as const
    assert(
      property(oneof(...members.map((name) => constant(name))), maybe(anything()), (name, value) => {
        const event = { ...full, [name]: value } as NewEvent
        const copy = copyOfEvent(event, full.body as Uint8Array<ArrayBuffer>, place)
        if (copy !== undefined)
          expect(copy).toStrictEqual(decodeEvent(encodeEventMeta(event), full.body as Uint8Array<ArrayBuffer>, place))
      }),
    )
    for (const value of [Number.NaN, Infinity, -0, new Date(0), null]) {
      const event = { ...full, receivedAt: value } as NewEvent
      expect(copyOfEvent(event, new Uint8Array(), place)).toBeUndefined()
    }
    for (const headers of [[['a', undefined]], [[1, 'b']]] as unknown as NewEvent['headers'][])
      expect(copyOfEvent({ ...full, headers }, new Uint8Array(), place)).toBeUndefined()
  })
})

describe('eventIdentity', () => {
  it('is that of source, tenant and id, and of nothing else', () => {
    const { source, tenant, id } = full
    const identity = eventIdentity(full)
    expect(identity).toBe('6:stripe\u00004:acme\u0000evt_1')
    expect(identityOfMeta(encodeEventMeta({ ...full, key: 'other', receivedAt: 0 }))).toBe(identity)
    const others = [
      { source, id },
      { source, tenant: '', id },
      { source: `${source}\u0000`, tenant, id },
      { source, tenant: 'acm', id: `e${id}` },
    ] as NewEvent[]
    expect(new Set([identity, ...others.map(eventIdentity)]).size).toBe(5)
  })

  it('tells halves of surrogate pairs apart in UTF-8, too', () => {
    const ids = ['\ud800', '\ud801', '\udc00', '\ufffd', '', 'a', 'a\ud800', '\\ud800', '\u{10000}']
    const identities = ids.map((id) => Buffer.from(eventIdentity({ ...full, id })).toString('hex'))
    expect(new Set(identities).size).toBe(ids.length)
  })
})

describe('checkEventSize', () => {
  it('takes an event up to its limits', () => {
    checkEventSize(100, 65_535, 100)
    expect(() => checkEventSize(101, 1, 100)).toThrow(
      expect.objectContaining({ reason: 'event_too_large', message: 'The body has 101 bytes; the buffer takes 100.' }),
    )
    expect(() => checkEventSize(1, 65_536, 100)).toThrow(expect.objectContaining({ reason: 'event_too_large' }))
  })
})

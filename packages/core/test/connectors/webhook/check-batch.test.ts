import { describe, expect, test } from 'vitest'
import { checkWebhookWith, hmacOver } from './sample-webhook.ts'

const fromHeader = { from: 'header', name: 'x-id', signed: false }
const fromBody = { from: 'body', pointer: '/id', signed: true }

describe('a connector with several events in one body', () => {
  test('says where they are', () => {
    expect(() => checkWebhookWith({ batch: { pointer: '' }, eventId: fromBody })).not.toThrow()
    expect(() => checkWebhookWith({ batch: { pointer: '/events', json: true } })).not.toThrow()
    expect(() => checkWebhookWith({ batch: {} })).toThrow(/webhook\.batch\.pointer/)
    expect(() => checkWebhookWith({ batch: { pointer: 'events' } })).toThrow(/webhook\.batch\.pointer/)
    expect(() => checkWebhookWith({ batch: { pointer: '', json: false } })).toThrow(/webhook\.batch\.json/)
  })

  test('has no id of the whole delivery, which would make one event of all of them', () => {
    expect(() => checkWebhookWith({ batch: { pointer: '' }, eventId: fromHeader })).toThrow(/webhook\.eventId\.from/)
    const verify = [hmacOver([{ part: 'body' }], { eventId: fromHeader })]
    expect(() => checkWebhookWith({ batch: { pointer: '' }, verify })).toThrow(/webhook\.verify\[0\]\.eventId\.from/)
    expect(() => checkWebhookWith({ eventId: fromHeader, verify })).not.toThrow()
  })
})

describe('an event id', () => {
  test('may have further values', () => {
    const more = [{ from: 'body', pointer: '/code' }]
    expect(() => checkWebhookWith({ eventId: { ...fromBody, with: more } })).not.toThrow()
    expect(() => checkWebhookWith({ eventId: { ...fromBody, with: [] } })).toThrow(/webhook\.eventId\.with/)
    expect(() => checkWebhookWith({ eventId: { ...fromBody, with: [{ from: 'body' }] } })).toThrow(
      /webhook\.eventId\.with\[0\]\.pointer/,
    )
  })
})

describe('the time of an event', () => {
  test('has a format', () => {
    expect(() => checkWebhookWith({ occurredAt: { ...fromBody, format: 'rfc3339' } })).not.toThrow()
    expect(() => checkWebhookWith({ occurredAt: fromBody })).toThrow(/webhook\.occurredAt\.format/)
  })
})

describe('the answers of a connector', () => {
  test('are checked', () => {
    const full = {
      ack: { status: 202, contentType: 'text/plain', body: '[accepted]', echo: ['x-client'] },
      refuse: { status: 498 },
    }
    expect(() => checkWebhookWith(full)).not.toThrow()
    expect(() => checkWebhookWith({ ack: { status: 200, body: '' }, refuse: { status: 401, body: '' } })).not.toThrow()
    expect(() => checkWebhookWith({ ack: { status: 204, body: '' } })).toThrow(/webhook\.ack\.body/)
    expect(() => checkWebhookWith({ ack: { status: 200, contentType: 'text/plain' } })).toThrow(
      /webhook\.ack\.contentType/,
    )
    expect(() => checkWebhookWith({ ack: { status: 200, echo: ['X-Client'] } })).toThrow(/webhook\.ack\.echo/)
    expect(() => checkWebhookWith({ refuse: { status: 200 } })).toThrow(/webhook\.refuse\.status/)
    expect(() => checkWebhookWith({ refuse: { status: 401, body: 'no' } })).toThrow(/webhook\.refuse\.body/)
  })
})

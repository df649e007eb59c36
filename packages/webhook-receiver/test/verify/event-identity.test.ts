import { createHash } from 'node:crypto'
import type { WebhookDescription, WebhookField } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type EventIdentity, eventIdentity } from '../../src/verify/event-identity.ts'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import type { BoundPart, Verified } from '../../src/verify/verify-result.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const headerId = (signed: boolean): WebhookField => ({ from: 'header', name: 'x-id', signed })
const bodyId: WebhookField = { from: 'body', pointer: '/id', signed: true }

const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes() as HashProvider],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('eventIdentity on %s', (_name, hashes) => {
  const identify = async (options: {
    readonly eventId?: WebhookField
    readonly bound?: readonly BoundPart[]
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
    readonly webhook?: Partial<WebhookDescription>
  }): Promise<EventIdentity> => {
    const { eventId, bound = ['body'], headers = {}, body = '{}', webhook = {} } = options
    const verified: Verified = {
      ok: true,
      scheme: 'hmac',
      bound,
      strength: 'signature',
      keyIndex: 0,
      ...(eventId && { eventId }),
    }
    const request = { headers: Object.entries(headers), body: Buffer.from(body), receivedAt: 0 }
    const content = { reader: new RequestReader(request), body: request.body, isItem: false }
    return eventIdentity({ verify: [], ...webhook }, verified, content, hashes)
  }

  test('is the id alone where the signature covers it', async () => {
    expect(await identify({ eventId: bodyId, bound: ['body', 'id'], body: '{"id":"evt_1"}' })).toEqual({
      id: 'evt_1',
      eventId: 'evt_1',
    })
    expect(
      await identify({ eventId: headerId(true), bound: ['id', 'body'], headers: { 'X-Id': 'msg_1' } }),
    ).toMatchObject({
      id: 'msg_1',
    })
  })

  test('is the id and the hash of the body where it does not', async () => {
    expect(await identify({ eventId: headerId(false), headers: { 'x-id': 'd-1' }, body: 'abc' })).toEqual({
      id: `d-1:${sha256('abc')}`,
      eventId: 'd-1',
    })
  })

  test('does not let a forged id suppress a genuine event with another body', async () => {
    const genuine = await identify({ eventId: headerId(false), headers: { 'x-id': 'd-2' }, body: 'genuine' })
    const replay = await identify({ eventId: headerId(false), headers: { 'x-id': 'd-2' }, body: 'captured' })
    expect(replay.id).not.toBe(genuine.id)
  })

  test('is the same for a redelivery of the same bytes under the same id', async () => {
    const delivery = { eventId: headerId(false), headers: { 'x-id': 'd-3' }, body: 'same' }
    expect(await identify(delivery)).toEqual(await identify(delivery))
  })

  test('is new for the same bytes under a new unsigned id', async () => {
    const first = await identify({ eventId: headerId(false), headers: { 'x-id': 'd-4' }, body: 'same' })
    const second = await identify({ eventId: headerId(false), headers: { 'x-id': 'd-5' }, body: 'same' })
    expect(second.id).not.toBe(first.id)
  })

  test('does not trust a connector that calls an id signed which nothing covered', async () => {
    const identity = await identify({ eventId: headerId(true), bound: ['body'], headers: { 'x-id': 'd-6' }, body: 'a' })
    expect(identity.id).toBe(`d-6:${sha256('a')}`)
    const token = await identify({ eventId: bodyId, bound: [], body: '{"id":"evt_2"}' })
    expect(token.id).toBe(`evt_2:${sha256('{"id":"evt_2"}')}`)
  })

  test('is the hash of the body where there is no id', async () => {
    expect(await identify({ body: 'abc' })).toEqual({ id: sha256('abc') })
    expect(await identify({ eventId: bodyId, bound: ['body', 'id'], body: '{"id":""}' })).toEqual({
      id: sha256('{"id":""}'),
    })
  })

  test('ignores the timestamp of a repeat that was signed anew, and heeds the other covered headers', async () => {
    const bound = ['timestamp', 'header:x-topic', 'body'] as const
    const at = (time: string, topic: string) =>
      identify({ bound, headers: { 'x-time': time, 'x-topic': topic }, body: 'abc' })
    expect(await at('1', 'orders')).toEqual(await at('2', 'orders'))
    expect(await at('1', 'orders')).not.toEqual(await at('1', 'refunds'))
  })

  test('reads type and tenant', async () => {
    const webhook = {
      eventType: { from: 'header', name: 'x-event', signed: false },
      tenant: { from: 'body', pointer: '/installation/id', signed: true },
    } as const
    const identity = await identify({ webhook, headers: { 'x-event': 'push' }, body: '{"installation":{"id":7}}' })
    expect(identity).toMatchObject({ type: 'push', tenant: '7' })
  })
})

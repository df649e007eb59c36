import { generateKeyPairSync } from 'node:crypto'
import type { FetchedKey } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { KeyDocument, KeyRequest } from '../../../src/verify/keys/key-fetcher.ts'
import { createKeyRing, defaultKeyRingLimits, type KeyRingLimits } from '../../../src/verify/keys/key-ring.ts'

const URL_OF_SET = 'https://keys.example.com/jwks.json'
const URL_OF_PEM = 'https://keys.example.com/key.pem'
const NOW = 1_764_000_000_000
const limits = defaultKeyRingLimits

const p256 = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey
const jwk = (kid: string, members: object = {}): object => ({ ...p256().export({ format: 'jwk' }), kid, ...members })
const jwks = (...keys: readonly object[]): string => JSON.stringify({ keys })
const pem = (): string => p256().export({ type: 'spki', format: 'pem' }).toString()

const setSource: FetchedKey = { from: 'url', url: URL_OF_SET, kind: 'jwks' }
const pemSource: FetchedKey = { from: 'url', url: URL_OF_PEM, kind: 'pem' }

type Answer = string | KeyDocument | undefined | Error

/** A ring over a fetcher whose answers the test says. */
function ringOf(
  source: FetchedKey,
  answer: (request: KeyRequest) => Answer | Promise<Answer>,
  own: Partial<KeyRingLimits> = {},
) {
  const clock = fakeClock()
  const requests: KeyRequest[] = []
  const ring = createKeyRing({
    connector: 'example',
    source,
    clock,
    limits: { ...limits, ...own },
    fetcher: {
      async fetchKey(request) {
        requests.push(request)
        const document = await answer(request)
        if (document instanceof Error) throw document
        return typeof document === 'string' ? { text: document } : document
      },
    },
  })
  const find = (keyId?: string, url = source === pemSource ? URL_OF_PEM : URL_OF_SET, receivedAt = NOW) =>
    ring.find({ url, receivedAt, ...(keyId !== undefined && { keyId }) })
  return { clock, requests, find }
}

describe('a key ring', () => {
  test('asks once, and answers at once from then on', async () => {
    const { requests, find } = ringOf(setSource, () => jwks(jwk('a'), jwk('b')))
    expect(await find('a')).toMatchObject({ ok: true, keys: [{ id: 'a', kind: 'p256' }] })
    expect(find('b')).toMatchObject({ ok: true, keys: [{ id: 'b' }] })
    expect(find()).toMatchObject({ ok: true, keys: [{ id: 'a' }, { id: 'b' }] })
    expect(requests).toEqual([{ connector: 'example', url: URL_OF_SET, method: 'GET', authorized: false, keyId: 'a' }])
  })

  test('makes one call for requests that come at the same time', async () => {
    const { requests, find } = ringOf(setSource, () => jwks(jwk('a')))
    const answers = await Promise.all([find('a'), find('a'), find('a')])
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(requests).toHaveLength(1)
  })

  test.each([
    ['an hour by default', undefined, limits.defaultAgeMs],
    ['as long as it says', 600_000, 600_000],
    ['a minute at least', 0, limits.minAgeMs],
    ['a day at most', Number.MAX_SAFE_INTEGER, limits.maxAgeMs],
  ])('keeps a document for %s', async (_title, maxAgeMs, keptMs) => {
    const { clock, requests, find } = ringOf(pemSource, () => ({
      text: pem(),
      ...(maxAgeMs !== undefined && { maxAgeMs }),
    }))
    await find()
    await clock.advance(keptMs - 1)
    await find()
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    await find()
    expect(requests).toHaveLength(2)
  })

  test('asks again for a set that lacks the key, but not more often than every ten seconds', async () => {
    let keys = [jwk('a')]
    const { clock, requests, find } = ringOf(setSource, () => jwks(...keys))
    await find('a')
    expect(await find('b')).toEqual({ ok: false, reason: 'unknown_key' })
    expect(requests).toHaveLength(1)
    keys = [jwk('a'), jwk('b')]
    await clock.advance(limits.retryMs)
    expect(await find('b')).toMatchObject({ ok: true, keys: [{ id: 'b' }] })
    expect(requests).toHaveLength(2)
    for (let index = 0; index < 100; index++)
      expect(await find(`made-up-${index}`)).toMatchObject({ reason: 'unknown_key' })
    expect(requests).toHaveLength(2)
  })

  test('goes on with the old document while no new one can be had, for a day', async () => {
    let down = false
    const { clock, requests, find } = ringOf(pemSource, () => (down ? new Error('down') : pem()))
    await find()
    down = true
    await clock.advance(limits.defaultAgeMs)
    expect(await find()).toMatchObject({ ok: true })
    await find()
    expect(requests).toHaveLength(2)
    await clock.advance(limits.staleMs)
    expect(await find()).toEqual({
      ok: false,
      reason: 'key_unavailable',
      retryAfterMs: limits.retryMs,
      cause: new Error('down'),
    })
    down = false
    await clock.advance(limits.retryMs)
    expect(await find()).toMatchObject({ ok: true })
  })

  test('waits ten seconds between attempts that fail, and says when the next one is due', async () => {
    const { clock, requests, find } = ringOf(pemSource, () => new Error('down'))
    await find()
    await clock.advance(4_000)
    expect(await find()).toMatchObject({ reason: 'key_unavailable', retryAfterMs: 6_000 })
    expect(requests).toHaveLength(1)
  })

  test('does not call a key unknown because the set that has it could not be had', async () => {
    let down = false
    const { clock, find } = ringOf(setSource, () => (down ? new Error('down') : jwks(jwk('a'))))
    await find('a')
    down = true
    await clock.advance(limits.retryMs)
    expect(await find('b')).toMatchObject({ reason: 'key_unavailable' })
    expect(await find('a')).toMatchObject({ ok: true })
  })

  test('remembers for a minute that the provider has no such key', async () => {
    const { clock, requests, find } = ringOf(pemSource, () => undefined)
    expect(await find('a')).toEqual({ ok: false, reason: 'unknown_key' })
    await clock.advance(limits.unknownMs - 1)
    expect(await find('a')).toEqual({ ok: false, reason: 'unknown_key' })
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    await find('a')
    expect(requests).toHaveLength(2)
  })

  test('takes a document that it cannot read for one that cannot be had', async () => {
    for (const text of ['', 'no key', '{"keys":1}', '-----BEGIN PUBLIC KEY-----']) {
      for (const source of [setSource, pemSource]) {
        const { find } = ringOf(source, () => text)
        expect(await find()).toMatchObject({ reason: 'key_unavailable', cause: expect.any(Error) })
      }
    }
  })

  test('keeps an unreadable document from taking the place of a good one', async () => {
    let text = pem()
    const { clock, find } = ringOf(pemSource, () => text)
    await find()
    text = 'maintenance'
    await clock.advance(limits.defaultAgeMs)
    expect(await find()).toMatchObject({ ok: true })
  })

  test('asks for a document per key where each has its own, and says so only once', async () => {
    const source: FetchedKey = {
      from: 'url',
      url: 'https://x.example/get',
      kind: 'jwk',
      pointer: '/key',
      method: 'POST',
      authorized: true,
    }
    const { requests, find } = ringOf(source, ({ keyId }) => JSON.stringify({ key: jwk(keyId ?? '') }))
    await find('a', 'https://x.example/get')
    await find('b', 'https://x.example/get')
    await find('a', 'https://x.example/get')
    expect(requests.map(({ keyId, method, authorized }) => [keyId, method, authorized])).toEqual([
      ['a', 'POST', true],
      ['b', 'POST', true],
    ])
  })

  test('refuses a key whose document names another one', async () => {
    const source: FetchedKey = { from: 'url', url: 'https://x.example/get', kind: 'jwk' }
    const { find } = ringOf(source, () => JSON.stringify(jwk('b')))
    expect(await find('a', 'https://x.example/get')).toEqual({ ok: false, reason: 'unknown_key' })
  })

  test('leaves out keys that are for something else, or of a kind that no scheme uses', async () => {
    const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
    const { find } = ringOf(setSource, () =>
      jwks(
        jwk('enc', { use: 'enc' }),
        jwk('ops', { key_ops: ['encrypt'] }),
        { ...x25519, kid: 'x' },
        { kty: 'oct', k: 'AAAA', kid: 'secret' },
        { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'broken' },
        jwk('sig', { use: 'sig', key_ops: ['verify'], alg: 'ES256' }),
      ),
    )
    expect(await find()).toMatchObject({ ok: true, keys: [{ id: 'sig', algorithm: 'ES256' }] })
    for (const kid of ['enc', 'ops', 'x', 'secret', 'broken']) {
      expect(await find(kid)).toMatchObject({ reason: 'unknown_key' })
    }
  })

  test('reads every kind of public key, and no private member', async () => {
    const pairs = [
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ]
    const { find } = ringOf(setSource, () =>
      jwks(...pairs.map(({ privateKey }) => privateKey.export({ format: 'jwk' }))),
    )
    const answer = await find()
    expect(answer).toMatchObject({ ok: true, keys: [{ kind: 'ed25519' }, { kind: 'p384' }, { kind: 'rsa' }] })
    if (answer.ok) {
      expect(answer.keys.map(({ spki }) => Buffer.from(spki).toString('base64'))).toEqual(
        pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }).toString('base64')),
      )
    }
  })

  test('judges an expired key by the arrival of the request', async () => {
    const { find } = ringOf(setSource, () => jwks(jwk('a', { expired_at: NOW / 1000 })))
    expect(await find('a', URL_OF_SET, NOW)).toMatchObject({ ok: true })
    expect(await find('a', URL_OF_SET, NOW + 1)).toEqual({ ok: false, reason: 'unknown_key' })
    expect(await find('a', URL_OF_SET, Number.NaN)).toEqual({ ok: false, reason: 'unknown_key' })
  })

  test('asks for no more than thirty new documents at once and per minute, whatever a sender makes up', async () => {
    const { clock, requests, find } = ringOf(pemSource, () => undefined)
    for (let index = 0; index < 200; index++) await find(`made-up-${index}`)
    expect(requests).toHaveLength(limits.newPerMinute)
    expect(await find('one-more')).toEqual({ ok: false, reason: 'key_unavailable', retryAfterMs: limits.retryMs })
    await clock.advance(2_000)
    expect(await find('one-more')).toEqual({ ok: false, reason: 'unknown_key' })
    expect(requests).toHaveLength(limits.newPerMinute + 1)
  })

  test('keeps the keys that it has when a sender makes others up', async () => {
    const { clock, requests, find } = ringOf(pemSource, ({ keyId }) => (keyId === 'real' ? pem() : undefined), {
      maxDocuments: 10,
    })
    await find('real')
    for (let index = 0; index < 100; index++) {
      await clock.advance(2_000)
      await find(`made-up-${index}`)
    }
    requests.length = 0
    expect(find('real')).toMatchObject({ ok: true })
    expect(requests).toHaveLength(0)
  })

  test('drops the document that was not used for the longest time when there are too many', async () => {
    const { requests, find } = ringOf(pemSource, () => pem(), { maxDocuments: 2 })
    await find('a')
    await find('b')
    await find('a')
    await find('c')
    requests.length = 0
    await find('a')
    expect(requests).toHaveLength(0)
    await find('b')
    expect(requests).toHaveLength(1)
  })
})

import type { HmacScheme } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import type { VerificationHint } from '../../src/verify/verification-hint.ts'
import { compileVerifier } from '../../src/verify/verifier.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import type { WebhookSecret } from '../../src/verify/webhook-secret.ts'
import { connectorOf, hmac, keyValueScheme, listScheme, plainScheme, SECRET, SIGNED_AT_S } from './sample-connectors.ts'

const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes() as HashProvider],
  ['WebCrypto', webHashes()],
]

const urlScheme: HmacScheme = { ...plainScheme, message: [{ part: 'url' }, { part: 'body' }] }

/** A request whose sender signed something else than what arrived. */
function requestOf(
  signed: string | Uint8Array,
  arrived: string | Uint8Array,
  secret: string | Uint8Array = SECRET,
): VerifiableRequest {
  return {
    headers: [['x-signature', `sha256=${hmac('hex', secret, signed)}`]],
    body: Buffer.from(arrived as string),
    receivedAt: SIGNED_AT_S * 1000,
  }
}

describe.each(providers)('a verifier on %s', (_name, hashes) => {
  const verifierOf = (scheme: HmacScheme, secrets: readonly (string | WebhookSecret)[] = [SECRET]) => {
    const clock = fakeClock()
    const verifier = compileVerifier('', { connector: connectorOf([scheme]), secrets }, hashes, { clock })
    return { clock, verify: async (request: VerifiableRequest) => verifier.verify(request) }
  }

  test.each<[VerificationHint, string, string]>([
    ['body_reencoded', '{"a": 1, "b": [true, null]}', '{"a":1,"b":[true,null]}'],
    ['body_reencoded', String.raw`{"name":"J\u00f6rg","url":"a\/b"}`, '{"name":"Jörg","url":"a/b"}'],
    ['body_reencoded', '{\n  "a": 1\n}', '{"a":1}'],
    ['body_reencoded', '{"a":1}', '{ "a" : 1 }'],
    ['body_trimmed', 'a=1\r\n', 'a=1'],
    ['body_trimmed', 'a=1\n', 'a=1'],
    ['body_padded', 'a=1', 'a=1\n'],
    ['body_padded', 'a=1', '\ufeffa=1'],
    ['body_trimmed', '\ufeffa=1', 'a=1'],
    ['body_line_ends', 'a\nb', 'a\r\nb'],
    ['body_line_ends', 'a\r\nb', 'a\nb'],
    ['body_charset', 'name=é', Buffer.from('name=é').toString('latin1')],
  ])('says %s where %j was signed and %j arrived', async (hint, signed, arrived) => {
    expect(await verifierOf(plainScheme).verify(requestOf(signed, arrived))).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'mismatch',
      hint,
    })
  })

  test('says that the body is empty where the sender says that it is not', async () => {
    const { verify } = verifierOf(plainScheme)
    const { headers, ...request } = requestOf('{"a":1}', '')
    expect(await verify({ ...request, headers: [...headers, ['Content-Length', '7']] })).toMatchObject({
      hint: 'body_empty',
    })
    expect(await verify({ ...request, headers: [...headers, ['Content-Length', '0']] })).not.toHaveProperty('hint')
  })

  test.each<[VerificationHint, string | Uint8Array, string | WebhookSecret, HmacScheme['secret']]>([
    ['secret_whitespace', 'key', 'key\n', { encoding: 'utf8' }],
    ['secret_quotes', 'key', '"key"', { encoding: 'utf8' }],
    ['secret_not_valid_now', 'key', { value: 'key', notAfter: 1 }, { encoding: 'utf8' }],
    ['secret_encoding', Buffer.from('key!'), Buffer.from('key!').toString('base64'), { encoding: 'utf8' }],
    ['secret_encoding', Buffer.from('key!'), `whsec_${Buffer.from('key!').toString('base64')}`, { encoding: 'utf8' }],
    ['secret_encoding', Buffer.from('key!'), Buffer.from('key!').toString('hex'), { encoding: 'utf8' }],
    ['secret_encoding', 'whsec_AQID', 'whsec_AQID', { encoding: 'base64', prefix: 'whsec_' }],
    ['secret_encoding', 'AQID', 'whsec_AQID', { encoding: 'base64', prefix: 'whsec_' }],
  ])('says %s for %j where %j is configured', async (hint, key, configured, secret) => {
    const { verify } = verifierOf({ ...plainScheme, secret }, ['another12345', configured])
    expect(await verify(requestOf('{}', '{}', key))).toMatchObject({ ok: false, reason: 'mismatch', hint })
  })

  test.each<[VerificationHint, string]>([
    ['url_scheme', 'http://example.com/hook?a=1'],
    ['url_trailing_slash', 'https://example.com/hook/?a=1'],
  ])('says %s where the sender signed %s', async (hint, url) => {
    const request = requestOf(`${url}{}`, '{}')
    expect(await verifierOf(urlScheme).verify({ ...request, url: 'https://example.com/hook?a=1' })).toMatchObject({
      hint,
    })
  })

  test('says timestamp_unit where the time is good in the other unit', async () => {
    const { verify } = verifierOf(keyValueScheme)
    const at = (time: string) => ({
      headers: [['x-kv', `t=${time},v1=${hmac('hex', SECRET, `${time}.{}`)}`]] as const,
      body: Buffer.from('{}'),
      receivedAt: SIGNED_AT_S * 1000,
    })
    expect(await verify(at(String(SIGNED_AT_S * 1000)))).toEqual({
      ok: false,
      code: 'timestamp_stale',
      reason: 'future_timestamp',
      hint: 'timestamp_unit',
    })
    expect(await verify(at('1'))).not.toHaveProperty('hint')
  })

  test('has no hint for a forgery', async () => {
    expect(await verifierOf(plainScheme).verify(requestOf('{"a":1}', '{"a":2}'))).not.toHaveProperty('hint')
    expect(await verifierOf(listScheme, ['whsec_AQID']).verify(requestOf('{}', '{}'))).not.toHaveProperty('hint')
  })

  test('searches five times a second, and then only says that it does not fit', async () => {
    const { verify, clock } = verifierOf(plainScheme)
    const hints = async (count: number) => {
      const results = []
      for (let index = 0; index < count; index++) results.push(await verify(requestOf('{"a":1}', '{"a":1}\n')))
      return results.filter((result) => 'hint' in result).length
    }
    expect(await hints(20)).toBe(5)
    await clock.advance(400)
    expect(await hints(20)).toBe(2)
    await clock.advance(60_000)
    expect(await hints(20)).toBe(5)
  })

  test('searches no large bodies', async () => {
    const large = 'x'.repeat(65_536)
    const { verify } = verifierOf(plainScheme)
    expect(await verify(requestOf(large.slice(1), `${large.slice(1)}\n`))).toHaveProperty('hint')
    expect(await verify(requestOf(large, `${large}\n`))).not.toHaveProperty('hint')
  })

  test('never accepts what only a probe fits', async () => {
    const { verify } = verifierOf(plainScheme, ['key\n'])
    for (let round = 0; round < 3; round++) {
      expect(await verify(requestOf('{}', '{}', 'key'))).toMatchObject({ ok: false })
    }
  })
})

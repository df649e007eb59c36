import type { TokenScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type HashProvider, nodeHashes, webHashes } from '../../src/verify/hmac.ts'
import { compileTokenScheme } from '../../src/verify/token-scheme.ts'

const scheme: TokenScheme = { scheme: 'token', header: 'x-token', bodyPointer: '/webhook_secret' }
const secrets = [
  { secret: 'first', keyIndex: 0 },
  { secret: 'sécond', keyIndex: 2 },
]
const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes() as HashProvider],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('compileTokenScheme on %s', (_name, hashes) => {
  const compiled = compileTokenScheme(scheme, secrets, undefined, hashes)
  const verify = (headers: readonly (readonly [string, string])[], body = '') =>
    compiled.verify({ headers, body: Buffer.from(body), receivedAt: 0 })

  test('accepts each secret in the header and says which it was', async () => {
    expect(await verify([['X-Token', 'first']])).toEqual({
      ok: true,
      scheme: 'token',
      bound: [],
      strength: 'token',
      keyIndex: 0,
    })
    const onTheWire = Buffer.from('sécond').toString('latin1')
    expect(await verify([['x-token', onTheWire]])).toMatchObject({ ok: true, keyIndex: 2 })
  })

  test('accepts a secret in a JSON body and in a form', async () => {
    expect(await verify([], '{"webhook_secret":"sécond"}')).toMatchObject({ ok: true, keyIndex: 2 })
    const form = [['content-type', 'application/x-www-form-urlencoded']] as const
    expect(await verify(form, 'webhook_secret=first&a=1')).toMatchObject({ ok: true, keyIndex: 0 })
  })

  test('does not look into the body when the header is there', async () => {
    expect(await verify([['x-token', 'wrong']], '{"webhook_secret":"first"}')).toMatchObject({ reason: 'mismatch' })
  })

  test.each(['', 'firs', 'first ', 'FIRST', 'firstfirst', 'undefined'])('refuses the token %j', async (token) => {
    expect(await verify([['x-token', token]])).toMatchObject({
      ok: false,
      code: 'signature_invalid',
      reason: 'mismatch',
    })
  })

  test('refuses a request without a token', async () => {
    expect(await verify([], '{}')).toMatchObject({ reason: 'missing_token' })
    expect(await verify([], '{"webhook_secret":{"nested":"first"}}')).toMatchObject({ reason: 'missing_token' })
    expect(await verify([], 'not json')).toMatchObject({ reason: 'missing_token' })
  })

  test('refuses a token that came twice', async () => {
    const twice = [
      ['x-token', 'first'],
      ['x-token', 'first'],
    ] as const
    expect(await verify(twice)).toMatchObject({ reason: 'duplicate_header' })
  })

  test('says that the header is missing where the body may not carry it', async () => {
    const headerOnly = compileTokenScheme({ scheme: 'token', header: 'x-token' }, secrets, undefined, hashes)
    expect(await headerOnly.verify({ headers: [], body: Buffer.from('{}'), receivedAt: 0 })).toMatchObject({
      reason: 'missing_header',
    })
  })
})

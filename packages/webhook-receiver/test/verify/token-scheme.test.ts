import type { TokenScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { tokenScheme } from '../../src/verify/token-scheme.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'
import { setupOf } from './scheme-setup.ts'

const scheme: TokenScheme = { scheme: 'token', header: 'x-token', bodyPointer: '/webhook_secret' }
const secrets = checkSecrets('secrets', ['first', 'sécond'])
const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes() as HashProvider],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('tokenScheme on %s', (_name, hashes) => {
  const setup = setupOf(hashes)
  const compiled = tokenScheme.compile(scheme, secrets, setup)
  const verify = (headers: readonly (readonly [string, string])[], body = '') =>
    compiled.verify(new RequestReader({ headers, body: Buffer.from(body), receivedAt: 0 }))

  test('accepts each secret in the header and says which it was', async () => {
    expect(await verify([['X-Token', 'first']])).toEqual({
      ok: true,
      scheme: 'token',
      bound: [],
      strength: 'token',
      keyIndex: 0,
    })
    const onTheWire = Buffer.from('sécond').toString('latin1')
    expect(await verify([['x-token', onTheWire]])).toMatchObject({ ok: true, keyIndex: 1 })
  })

  test('accepts a secret in a JSON body and in a form', async () => {
    expect(await verify([], '{"webhook_secret":"sécond"}')).toMatchObject({ ok: true, keyIndex: 1 })
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
    const headerOnly = tokenScheme.compile({ scheme: 'token', header: 'x-token' }, secrets, setup)
    const request = new RequestReader({ headers: [], body: Buffer.from('{}'), receivedAt: 0 })
    expect(await headerOnly.verify(request)).toMatchObject({ reason: 'missing_header' })
  })
})

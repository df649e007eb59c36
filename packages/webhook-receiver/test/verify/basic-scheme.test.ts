import { describe, expect, test } from 'vitest'
import { basicScheme } from '../../src/verify/basic-scheme.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'
import { setupOf } from './scheme-setup.ts'

const secrets = checkSecrets('secrets', ['user:pass: word', 'zoë:pässword'])
const scheme = basicScheme.compile({ scheme: 'basic' }, secrets, setupOf(nodeHashes()!))

async function verify(...values: readonly string[]) {
  const headers = values.map((value): [string, string] => ['Authorization', value])
  return await scheme.verify(new RequestReader({ headers, body: new Uint8Array(), receivedAt: 0 }))
}

function basic(credentials: string | Uint8Array): string {
  return Buffer.from(credentials as string).toString('base64')
}

describe('basicScheme', () => {
  test('accepts the credentials, a colon in the password included, and says whose they are', async () => {
    expect(await verify(`Basic ${basic('user:pass: word')}`)).toMatchObject({
      ok: true,
      strength: 'token',
      keyIndex: 0,
    })
    expect(await verify(`Basic ${basic('zoë:pässword')}`)).toMatchObject({ ok: true, keyIndex: 1 })
  })

  test('takes the name of the authentication scheme in any case, and base64 without padding', async () => {
    const encoded = basic('user:pass: word')
    expect(await verify(`bASIC   ${encoded.replaceAll('=', '')}`)).toMatchObject({ ok: true })
  })

  test.each([
    basic('user:pass: wor'),
    basic('user:pass: word '),
    basic('User:pass: word'),
    basic(':'),
    basic(Buffer.from('zoë:pässword', 'latin1')),
  ])('refuses other credentials, %s', async (encoded) => {
    expect(await verify(`Basic ${encoded}`)).toMatchObject({ ok: false, reason: 'mismatch' })
  })

  test.each([
    '',
    'Basic',
    'Basic ',
    'Bearer dXNlcg==',
    'Basic dXNlcg== x',
    'Basic *',
    'Basic\tdXNlcg==',
    `Basic x\n${basic('a')}`,
  ])('finds nothing in %j', async (value) => {
    expect(await verify(value)).toMatchObject({ ok: false, reason: 'malformed_signature' })
  })

  test('wants one header', async () => {
    const value = `Basic ${basic('user:pass: word')}`
    expect(await verify()).toMatchObject({ reason: 'missing_header' })
    expect(await verify(value, value)).toMatchObject({ reason: 'duplicate_header' })
  })

  test('takes only secrets with a colon', () => {
    const form = basicScheme.secretForm({ scheme: 'basic' })
    expect([form?.reads('a:b'), form?.reads('ab'), form?.isToken]).toEqual([true, false, true])
  })
})

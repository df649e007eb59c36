import { createHash, createHmac } from 'node:crypto'
import type { HmacScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { eventKey, hmacScheme } from '../../src/verify/hmac-scheme.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'
import { plainScheme } from './sample-connectors.ts'
import { setupOf } from './scheme-setup.ts'

const body = Buffer.from('{"a":1}')

describe.each([
  ['node:crypto', nodeHashes()!],
  ['WebCrypto', webHashes()],
])('hmacScheme on %s', (_name, hashes) => {
  const verify = async (scheme: HmacScheme, secret: string, key: string | Uint8Array) => {
    const signature = createHmac(scheme.hash, key).update(body).digest('hex')
    const compiled = hmacScheme.compile(scheme, checkSecrets('secrets', [secret]), setupOf(hashes))
    const headers = [['x-signature', `sha256=${signature}`]] as const
    return compiled.verify(new RequestReader({ headers, body, receivedAt: 0 }))
  }

  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
    'verifies HMACs with %s, whatever the length of the key',
    async (hash) => {
      for (const secret of ['k', 'k'.repeat(64), 'k'.repeat(65), 'k'.repeat(200), 'é€😀']) {
        expect(await verify({ ...plainScheme, hash }, secret, secret)).toMatchObject({ ok: true, scheme: 'hmac' })
        expect(await verify({ ...plainScheme, hash }, secret, `${secret}.`)).toMatchObject({ reason: 'mismatch' })
      }
    },
  )

  test('reads the key as the scheme writes it', async () => {
    const key = Buffer.from([0, 255, 7, 8])
    for (const encoding of ['hex', 'base64'] as const) {
      const scheme: HmacScheme = { ...plainScheme, secret: { encoding, prefix: 'whsec_' } }
      expect(await verify(scheme, `whsec_${key.toString(encoding)}`, key)).toMatchObject({ ok: true })
      expect(await verify(scheme, key.toString(encoding), key)).toMatchObject({ ok: true })
    }
  })

  test('derives the key where the scheme does', async () => {
    const scheme: HmacScheme = { ...plainScheme, hash: 'sha1', secret: { encoding: 'utf8', derive: 'sha1' } }
    const key = createHash('sha1').update('secret').digest()
    for (let round = 0; round < 2; round++) expect(await verify(scheme, 'secret', key)).toMatchObject({ ok: true })
    expect(await verify(scheme, 'secret', 'secret')).toMatchObject({ reason: 'mismatch' })
  })

  test('refuses a digest that was cut short', async () => {
    const compiled = hmacScheme.compile(plainScheme, checkSecrets('secrets', ['s']), setupOf(hashes))
    const digest = createHmac('sha256', 's').update(body).digest('hex')
    for (const cut of [digest.slice(0, 62), digest.slice(0, 40), '']) {
      const headers = [['x-signature', `sha256=${cut}`]] as const
      const result = await compiled.verify(new RequestReader({ headers, body, receivedAt: 0 }))
      expect(result).toMatchObject({ ok: false, reason: 'malformed_signature' })
    }
  })

  test('has no key of a secret that is not written as one', () => {
    expect(eventKey({ ...plainScheme, secret: { encoding: 'hex' } }, 'no hex', hashes)).toBeUndefined()
  })
})

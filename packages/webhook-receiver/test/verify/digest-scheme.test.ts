import { createHash } from 'node:crypto'
import type { DigestScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { digestScheme } from '../../src/verify/digest-scheme.ts'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'
import { setupOf } from './scheme-setup.ts'

const scheme: DigestScheme = {
  scheme: 'digest',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'literal', value: 'v2' }, { part: 'secret' }, { part: 'method' }, { part: 'body' }],
}
const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes()!],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('digestScheme on %s', (_name, hashes) => {
  const secrets = checkSecrets('secrets', ['first', { value: 'sécond', notAfter: 1000 }])
  const compiled = digestScheme.compile(scheme, secrets, setupOf(hashes))
  const verify = async (signature: string, body: string, receivedAt = 0) =>
    compiled.verify(
      new RequestReader({ headers: [['x-signature', signature]], body: Buffer.from(body), receivedAt, method: 'post' }),
    )
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

  test('hashes the secret in its place, and says which it was', async () => {
    expect(await verify(digest('v2firstPOST{}'), '{}')).toMatchObject({
      ok: true,
      keyIndex: 0,
      bound: ['method', 'body'],
    })
    expect(await verify(digest('v2sécondPOST{}'), '{}')).toMatchObject({ ok: true, keyIndex: 1 })
  })

  test('puts no secret in the place of an empty body', async () => {
    expect(await verify(digest('v2firstPOST'), '')).toMatchObject({ ok: true })
    expect(await verify(digest('v2firstPOSTfirst'), '')).toMatchObject({ ok: false })
  })

  test('refuses another body, another secret and one that is no longer valid', async () => {
    expect(await verify(digest('v2firstPOST{}'), '{ }')).toMatchObject({ reason: 'mismatch' })
    expect(await verify(digest('v2otherPOST{}'), '{}')).toMatchObject({ reason: 'mismatch' })
    expect(await verify(digest('v2sécondPOST{}'), '{}', 1000)).toMatchObject({ reason: 'mismatch' })
  })

  test('refuses a digest of another length', async () => {
    expect(await verify(digest('v2firstPOST{}').slice(2), '{}')).toMatchObject({ reason: 'malformed_signature' })
  })
})

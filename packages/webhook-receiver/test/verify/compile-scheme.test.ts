import type { HmacScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { compileScheme, secretFormOf } from '../../src/verify/compile-scheme.ts'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'
import { hmac, plainScheme, SECRET } from './sample-connectors.ts'
import { setupOf } from './scheme-setup.ts'

const scheme: HmacScheme = {
  ...plainScheme,
  each: '/items',
  select: 'x-batch',
  signature: { from: 'body', pointer: '/signature' },
  message: [{ part: 'field', pointer: '/a' }],
}
const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes()!],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('compileScheme for every item on %s', (_name, hashes) => {
  const compiled = compileScheme(scheme, checkSecrets('secrets', ['other', SECRET]), setupOf(hashes))
  const item = (a: string, signed = a) => ({ a, signature: hmac('hex', SECRET, signed) })
  const readerOf = (body: unknown, headers: readonly (readonly [string, string])[] = []) =>
    new RequestReader({ headers, body: Buffer.from(JSON.stringify(body)), receivedAt: 0 })
  const verify = async (...items: readonly unknown[]) => compiled.verify(readerOf({ items }))

  test('accepts where every item is signed', async () => {
    expect(await verify(item('x'))).toMatchObject({ ok: true, keyIndex: 1, strength: 'partial' })
    expect(await verify(item('x'), item('y'), item('x'))).toMatchObject({ ok: true })
  })

  test('refuses where one is not, wherever it is', async () => {
    expect(await verify(item('x', 'y'), item('y'))).toMatchObject({ reason: 'mismatch' })
    expect(await verify(item('x'), item('y', 'x'))).toMatchObject({ reason: 'mismatch' })
    expect(await verify(item('x'), {})).toMatchObject({ reason: 'missing_field' })
    expect(await verify(item('x'), null)).toMatchObject({ reason: 'missing_field' })
    expect(await verify(item('x'), [item('x')])).toMatchObject({ reason: 'missing_field' })
  })

  test('refuses where there are no items', async () => {
    for (const body of [{ items: [] }, { items: {} }, {}, [], 'items', null]) {
      expect(await compiled.verify(readerOf(body))).toMatchObject({ reason: 'missing_field' })
    }
  })

  test('is for the requests that are selected', () => {
    expect(compiled.applies(readerOf({}))).toBe(false)
    expect(compiled.applies(readerOf({}, [['X-Batch', '']]))).toBe(true)
  })
})

test('secretFormOf says how secrets are written, and of a scheme without secrets nothing', () => {
  expect(secretFormOf(plainScheme)?.description).toBe('a non-empty string')
  expect(secretFormOf({ scheme: 'none' })).toBeUndefined()
})

import { InvalidOptionsError } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { platformHashes } from '../../src/verify/platform-hashes.ts'
import type { SecretQuery, SecretResolver, SecretsOption } from '../../src/verify/secret-resolver.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { compileVerifier, createVerifier } from '../../src/verify/verifier.ts'
import { connectorOf, hmac, listScheme, plainScheme } from './sample-connectors.ts'

const BODY = Buffer.from('{"id":1}')
const connector = connectorOf([plainScheme], { tenant: { from: 'header', name: 'x-shop', signed: false } })

function requestOf(secret: string, shop?: string): VerifiableRequest {
  return {
    headers: [
      ['x-signature', `sha256=${hmac('hex', secret, BODY)}`],
      ...(shop === undefined ? [] : [['x-shop', shop] as const]),
    ],
    body: BODY,
    receivedAt: 0,
  }
}

function verifierOf(secrets: SecretsOption) {
  const clock = fakeClock()
  return {
    clock,
    verifier: compileVerifier('sources.shop', { connector, secrets }, platformHashes(), { clock, source: 'shop' }),
  }
}

/** A resolver that tells whom it was asked for. */
function recording(resolve: SecretResolver) {
  const queries: Omit<SecretQuery, 'signal'>[] = []
  const resolver: SecretResolver = ({ signal: _signal, ...query }) => {
    queries.push(query)
    return resolve({ ...query, signal: _signal })
  }
  return { queries, resolver }
}

describe('a verifier whose secrets are looked up', () => {
  test('asks once for each tenant, with the source', async () => {
    const { queries, resolver } = recording(async ({ tenant }) => [`secret of ${tenant}`])
    const { verifier } = verifierOf(resolver)
    expect(await verifier.verify(requestOf('secret of a', 'a'))).toMatchObject({ ok: true, keyIndex: 0 })
    expect(await verifier.verify(requestOf('secret of b', 'b'))).toMatchObject({ ok: true })
    expect(await verifier.verify(requestOf('secret of a', 'a'))).toMatchObject({ ok: true })
    expect(await verifier.verify(requestOf('secret of a', 'b'))).toMatchObject({ ok: false, reason: 'mismatch' })
    expect(await verifier.verify(requestOf('secret of undefined'))).toMatchObject({ ok: true })
    expect(queries).toEqual([{ source: 'shop', tenant: 'a' }, { source: 'shop', tenant: 'b' }, { source: 'shop' }])
  })

  test('stays synchronous where the look-up is', () => {
    const { verifier } = verifierOf(() => [{ value: 's', id: 'main' }])
    expect(verifier.verify(requestOf('s'))).toMatchObject({ ok: true, keyId: 'main' })
  })

  test('takes the tenant from where the application says', async () => {
    const { queries, resolver } = recording(() => ['s'])
    const { verifier } = verifierOf({ resolve: resolver, tenantOf: ({ url }) => url?.split('/').at(-1) })
    expect(await verifier.verify({ ...requestOf('s'), url: '/hooks/acme' })).toMatchObject({ ok: true })
    expect(queries).toEqual([{ source: 'shop', tenant: 'acme' }])
  })

  test('refuses a tenant without secrets as one that is not known', async () => {
    const { verifier } = verifierOf(() => [])
    expect(await verifier.verify(requestOf('', 'nobody'))).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'unknown_key',
    })
  })

  test('asks for nobody whose name is too long for one', async () => {
    const { queries, resolver } = recording(() => ['s'])
    const { verifier } = verifierOf(resolver)
    expect(await verifier.verify(requestOf('s', 'x'.repeat(513)))).toMatchObject({ reason: 'unknown_key' })
    expect(await verifier.verify(requestOf('s', 'x'.repeat(512)))).toMatchObject({ ok: true })
    expect(queries).toHaveLength(1)
  })

  test.each<[string, SecretsOption]>([
    ['rejects', () => Promise.reject(new Error('the database is down'))],
    [
      'throws',
      () => {
        throw new Error('the database is down')
      },
    ],
    ['returns no array', () => 'secret' as never],
    ['returns a secret that is none', () => [undefined as never]],
    [
      'cannot say who sends',
      {
        resolve: () => ['s'],
        tenantOf: () => {
          throw new Error('no tenant')
        },
      },
    ],
  ])('cannot judge when the look-up %s, and says so', async (_title, secrets) => {
    const { verifier } = verifierOf(secrets)
    expect(await verifier.verify(requestOf('s'))).toEqual({
      ok: false,
      code: 'upstream_unavailable',
      reason: 'key_unavailable',
    })
  })

  test('gives up a look-up that takes too long, and aborts it', async () => {
    let aborted = false
    const { verifier, clock } = verifierOf({
      timeoutMs: 50,
      resolve: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true
          })
        }),
    })
    const result = Promise.resolve(verifier.verify(requestOf('s')))
    await clock.advance(50)
    expect(await result).toMatchObject({ reason: 'key_unavailable' })
    expect(aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  test('leaves no timer behind', async () => {
    const { verifier, clock } = verifierOf(async () => ['s'])
    await verifier.verify(requestOf('s'))
    expect(clock.pendingTimers).toBe(0)
  })

  test('learns of a new secret as soon as a signature does not fit the old one', async () => {
    let secrets = ['old']
    const { queries, resolver } = recording(async () => secrets)
    const { verifier, clock } = verifierOf(resolver)
    expect(await verifier.verify(requestOf('old'))).toMatchObject({ ok: true })
    secrets = ['new']
    expect(await verifier.verify(requestOf('new'))).toMatchObject({ reason: 'mismatch' })
    await clock.advance(10_000)
    expect(await verifier.verify(requestOf('new'))).toMatchObject({ ok: true })
    expect(queries).toHaveLength(2)
  })

  test('does not ask for every forgery', async () => {
    const { queries, resolver } = recording(async () => ['s'])
    const { verifier, clock } = verifierOf(resolver)
    await verifier.verify(requestOf('s'))
    await clock.advance(10_000)
    for (let index = 0; index < 100; index++) await verifier.verify(requestOf('forged'))
    expect(queries).toHaveLength(2)
  })

  test('forgets what it knows on demand', async () => {
    let secrets = ['old']
    const { verifier } = verifierOf(async () => secrets)
    await verifier.verify(requestOf('old'))
    secrets = ['new']
    verifier.forgetSecrets()
    expect(await verifier.verify(requestOf('new'))).toMatchObject({ ok: true })
  })

  test.each<[SecretsOption, string]>([
    [
      'top-secret' as never,
      'Expected `secrets` to be an array of secrets, or a function that looks them up, got a string.',
    ],
    [{} as never, 'Expected `secrets.resolve` to be a function, got `undefined`.'],
    [
      { resolve: () => [], ttlMs: -1 },
      'Expected `secrets.ttlMs` to be a number of milliseconds >= 0, got `-1` (number).',
    ],
    [{ resolve: () => [], maxTenants: 0 }, 'Expected `secrets.maxTenants` to be an integer >= 1, got `0` (number).'],
  ])('refuses the options %j', (secrets, message) => {
    expect(() => createVerifier({ connector, secrets })).toThrow(InvalidOptionsError)
    expect(() => createVerifier({ connector, secrets })).toThrow(message)
  })
})

describe('a verifier with secrets that have a time', () => {
  const secrets = [
    { value: 'retired', id: '2025', notAfter: new Date(1000) },
    { value: 'current', id: '2026', notBefore: 500 },
  ]
  const verifier = createVerifier({ connector, secrets })
  const at = (receivedAt: number, secret: string) => verifier.verify({ ...requestOf(secret), receivedAt })

  test('accepts each in its time, judged by the arrival', () => {
    expect(at(499, 'retired')).toMatchObject({ ok: true, keyIndex: 0, keyId: '2025' })
    expect(at(499, 'current')).toMatchObject({ ok: false, reason: 'mismatch' })
    expect(at(500, 'current')).toMatchObject({ ok: true, keyIndex: 1, keyId: '2026' })
    expect(at(999, 'retired')).toMatchObject({ ok: true })
    expect(at(1000, 'retired')).toMatchObject({ ok: false, reason: 'mismatch' })
  })

  test('holds for tokens as well', () => {
    const token = createVerifier({ connector: connectorOf([{ scheme: 'token', header: 'x-token' }]), secrets })
    const show = (receivedAt: number) => token.verify({ headers: [['x-token', 'retired']], body: BODY, receivedAt })
    expect(show(999)).toMatchObject({ ok: true, keyId: '2025' })
    expect(show(1000)).toMatchObject({ ok: false, reason: 'mismatch' })
  })
})

describe('a verifier without secrets', () => {
  test.each([undefined, []])('is not made by accident: %j', (secrets) => {
    expect(() => createVerifier({ connector, ...(secrets && { secrets }) })).toThrow(
      'Expected `secrets` to be an array of at least one secret, got none. With `allowUnverified: true` requests of anybody are accepted.',
    )
  })

  test('accepts everything where that is wanted, and says that nothing was proved', () => {
    const verifier = createVerifier({ connector, allowUnverified: true })
    expect(verifier.verify({ headers: [], body: BODY, receivedAt: 0 })).toEqual({
      ok: true,
      scheme: 'none',
      bound: [],
      strength: 'none',
      keyIndex: -1,
    })
  })

  test('still refuses what is signed wrongly where there are secrets', () => {
    const verifier = createVerifier({ connector, secrets: ['s'], allowUnverified: true })
    expect(verifier.verify({ headers: [], body: BODY, receivedAt: 0 })).toMatchObject({ reason: 'missing_header' })
  })

  test('takes a scheme that proves nothing only where that is wanted', () => {
    const unsigned = connectorOf([{ ...listScheme, select: 'webhook-signature' }, { scheme: 'none' }])
    const secrets = ['whsec_AQID']
    const request = { headers: [], body: BODY, receivedAt: 0 }
    expect(createVerifier({ connector: unsigned, secrets }).verify(request)).toMatchObject({ reason: 'missing_header' })
    const allowing = createVerifier({ connector: unsigned, secrets, allowUnverified: true })
    expect(allowing.verify(request)).toMatchObject({ ok: true, strength: 'none' })
    expect(allowing.verify({ ...request, headers: [['webhook-signature', 'v1,AAAA']] })).toMatchObject({ ok: false })
  })

  test('says what is missing where the provider proves nothing', () => {
    expect(() => createVerifier({ connector: connectorOf([{ scheme: 'none' }]) })).toThrow(
      'Expected `secrets` to be absent, with `allowUnverified: true`, got none.',
    )
  })
})

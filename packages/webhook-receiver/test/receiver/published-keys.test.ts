import { createHash, generateKeyPairSync } from 'node:crypto'
import type { JwtScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { IncomingWebhook, SourceOptions } from '../../src/receiver/receiver.ts'
import { signedToken } from '../verify/jwt/signed-token.ts'
import { connectorOf, sourceWith } from './source-fixture.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const set = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })

const scheme: JwtScheme = {
  scheme: 'jwt',
  algorithms: ['ES256'],
  token: { from: 'header', name: 'x-token' },
  key: { from: 'url', url: 'https://keys.example/jwks', kind: 'jwks' },
  claims: { bodyHash: { name: 'hash', hash: 'sha256', encoding: 'hex' } },
}

/** A source without secrets whose keys come from `fetchKey`. */
function sourceOf(fetchKey: () => Promise<{ text: string } | undefined>, own: Partial<JwtScheme> = {}) {
  const connector = connectorOf({
    verify: [{ ...scheme, ...own }],
    eventId: { from: 'claim', name: 'jti', signed: true },
    refuse: { status: 498 },
  })
  // The fixture gives a secret otherwise.
  const options = { connector, keys: { fetchKey }, secrets: undefined } as unknown as SourceOptions
  return sourceWith({}, options)
}

function signedBy(kid: string, jti: string): Partial<IncomingWebhook> {
  const hash = createHash('sha256').update('{}').digest('hex')
  const token = signedToken('ES256', privateKey, { jti, hash }, { kid })
  return { headers: [['x-token', token]], body: Buffer.from('{}') }
}

describe('a source whose provider publishes its keys', () => {
  test('needs no secret, and takes the id from the token', async () => {
    const { send, stored } = await sourceOf(async () => ({ text: set }))
    expect(await send(signedBy('k1', 'e1'))).toMatchObject({ status: 200 })
    expect(await send(signedBy('k1', 'e1'))).toMatchObject({ status: 200 })
    expect(await send(signedBy('k1', 'e2'))).toMatchObject({ status: 200 })
    expect(stored.map(({ id, eventId }) => [id, eventId])).toEqual([
      ['e1', 'e1'],
      ['e2', 'e2'],
    ])
  })

  test('refuses a key that the provider does not have as it refuses every signature', async () => {
    const { send, events } = await sourceOf(async () => ({ text: set }))
    expect(await send(signedBy('k2', 'e1'))).toMatchObject({ status: 498 })
    expect(events.of('webhook:refused')).toMatchObject([
      { error: { code: 'signature_invalid', reason: 'unknown_key' } },
    ])
  })

  test('asks the provider to come again when the keys cannot be had, and says why to us only', async () => {
    const { send, events, stored } = await sourceOf(() => Promise.reject(new Error('internal-host is down')))
    const reply = await send(signedBy('k1', 'e1'))
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '10' } })
    expect(reply.body).not.toContain('internal-host')
    expect(events.of('webhook:refused')).toMatchObject([
      {
        status: 503,
        error: { code: 'upstream_unavailable', reason: 'key_unavailable', cause: { message: 'internal-host is down' } },
      },
    ])
    expect(stored).toEqual([])
  })

  test('wants to know the URL where the token is about it', async () => {
    const create = sourceOf(async () => ({ text: set }), { claims: { audience: 'url' } })
    await expect(create).rejects.toThrow('publicUrl')
  })
})

import type { JwtAlgorithm, JwtScheme } from '@holdfast/core'
import type { MixedKeySource } from '../keys/mixed-keys.ts'
import type { KeyKind } from '../keys/public-key.ts'

/** The kind of public key of an algorithm; `undefined`: it takes a shared secret. */
export const jwtKeyKinds: Readonly<Record<JwtAlgorithm, KeyKind | undefined>> = Object.freeze({
  HS256: undefined,
  HS384: undefined,
  HS512: undefined,
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'p256',
  ES384: 'p384',
  EdDSA: 'ed25519',
  Ed25519: 'ed25519',
})

/** What keys a scheme takes. */
export function jwtKeySource({ algorithms, key, secret }: JwtScheme): MixedKeySource {
  const kinds = algorithms.map((algorithm) => jwtKeyKinds[algorithm])
  return {
    kinds: [...new Set(kinds.filter((kind) => kind !== undefined))],
    allowsShared: kinds.includes(undefined),
    key,
    secret,
  }
}

import { arrayOf, durationMs, nonEmptyString, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkedElsewhere, checkShape, type Shape } from '../check-shape.ts'
import { checkAlgorithmKeys } from './check-algorithm-keys.ts'
import { schemeBaseChecks } from './check-scheme-base.ts'
import { checkSignatureSource, signatureEncoding } from './check-signature-source.ts'
import type { JwtAlgorithm, JwtClaims, JwtHashClaim, JwtScheme } from './jwt-scheme.ts'

const algorithms: Readonly<Record<JwtAlgorithm, 'shared' | 'public'>> = {
  HS256: 'shared',
  HS384: 'shared',
  HS512: 'shared',
  RS256: 'public',
  RS384: 'public',
  RS512: 'public',
  PS256: 'public',
  PS384: 'public',
  PS512: 'public',
  ES256: 'public',
  ES384: 'public',
  EdDSA: 'public',
  Ed25519: 'public',
}

const jwtChecks: ChecksOf<JwtScheme> = {
  ...schemeBaseChecks,
  scheme: checkedElsewhere,
  algorithms: arrayOf(oneOf(...Object.keys(algorithms))),
  token: checkedElsewhere,
  secret: checkedElsewhere,
  key: checkedElsewhere,
  claims: checkedElsewhere,
  maxAgeMs: durationMs(),
  leewayMs: durationMs(),
}

const claimsChecks: ChecksOf<JwtClaims> = {
  bodyHash: checkedElsewhere,
  urlHash: checkedElsewhere,
  issuer: nonEmptyString,
  audience: oneOf('url'),
  requires: arrayOf(nonEmptyString),
}

const hashChecks: ChecksOf<JwtHashClaim> = {
  name: nonEmptyString,
  hash: oneOf('sha256', 'sha384', 'sha512'),
  encoding: signatureEncoding,
  optional: oneOf(true),
}

/** Checks a scheme with a JSON Web Token. */
export function checkJwt(path: string, value: unknown): Shape {
  const scheme = checkShape(path, value, jwtChecks, ['algorithms', 'token'])
  checkSignatureSource(`${path}.token`, scheme.token)
  checkAlgorithmKeys(path, scheme, algorithms)
  if (scheme.claims !== undefined) checkClaims(`${path}.claims`, scheme.claims)
  return scheme
}

function checkClaims(path: string, value: unknown): void {
  const claims = checkShape(path, value, claimsChecks)
  for (const key of ['bodyHash', 'urlHash'] as const) {
    if (claims[key] !== undefined) checkShape(`${path}.${key}`, claims[key], hashChecks, ['name', 'hash', 'encoding'])
  }
}

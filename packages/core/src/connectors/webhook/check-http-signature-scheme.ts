import { arrayOf, type Check, durationMs, nonEmptyString, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkedElsewhere, checkShape, type Shape } from '../check-shape.ts'
import { checkAlgorithmKeys } from './check-algorithm-keys.ts'
import { schemeBaseChecks } from './check-scheme-base.ts'
import type { HttpSignatureAlgorithm, HttpSignatureScheme } from './http-signature-scheme.ts'

const algorithms: Readonly<Record<HttpSignatureAlgorithm, 'shared' | 'public'>> = {
  'hmac-sha256': 'shared',
  ed25519: 'public',
  'ecdsa-p256-sha256': 'public',
  'ecdsa-p384-sha384': 'public',
  'rsa-pss-sha512': 'public',
  'rsa-v1_5-sha256': 'public',
}

/** Derived components of a request (RFC 9421 section 2.2), or a field in lower case, and parameters. */
const component: Check = (value) =>
  typeof value === 'string' &&
  /^(?:@(?:method|target-uri|authority|scheme|request-target|path|query)|@query-param;name="[^"\\]+"|[a-z\d!#$%&'*+.^_`|~-]+(?:;sf|;bs|;key="[^"\\]+")?)$/.test(
    value,
  )
    ? undefined
    : 'a component of a request, for example `@method` or `content-digest`'

const schemeChecks: ChecksOf<HttpSignatureScheme> = {
  ...schemeBaseChecks,
  scheme: checkedElsewhere,
  algorithms: arrayOf(oneOf(...Object.keys(algorithms))),
  label: nonEmptyString,
  tag: nonEmptyString,
  requires: arrayOf(component),
  requiresParameters: arrayOf(oneOf('created', 'expires', 'nonce', 'alg', 'keyid', 'tag')),
  toleranceMs: durationMs(),
  secret: checkedElsewhere,
  key: checkedElsewhere,
}

/** Checks a scheme with HTTP Message Signatures. */
export function checkHttpSignature(path: string, value: unknown): Shape {
  const scheme = checkShape(path, value, schemeChecks, ['algorithms', 'requires'])
  checkAlgorithmKeys(path, scheme, algorithms)
  return scheme
}

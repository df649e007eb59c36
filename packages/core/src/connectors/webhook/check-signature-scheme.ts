import { oneOf } from '../../options/check.ts'
import { type ChecksOf, checkedElsewhere, checkShape, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { checkKeySource } from './check-key-source.ts'
import { checkSignedMessage, signedMessageChecks } from './check-scheme-base.ts'
import { checkSource } from './check-value-source.ts'
import type { SignatureAlgorithm, SignatureScheme } from './signature-scheme.ts'

const algorithms: Readonly<Record<SignatureAlgorithm, true>> = {
  ed25519: true,
  'ecdsa-p256-sha256': true,
  'ecdsa-p256-sha1': true,
  'ecdsa-p384-sha384': true,
  'rsa-sha1': true,
  'rsa-sha256': true,
  'rsa-sha512': true,
  'rsa-pss-sha256': true,
  'rsa-pss-sha512': true,
}

const signatureChecks: ChecksOf<SignatureScheme> = {
  ...signedMessageChecks,
  scheme: checkedElsewhere,
  algorithm: oneOf(...Object.keys(algorithms)),
  form: oneOf('der', 'raw'),
  key: checkedElsewhere,
  recipient: checkedElsewhere,
}

/** Checks a public-key signature over a message. */
export function checkSignature(path: string, value: unknown): Shape {
  const scheme = checkShape(path, value, signatureChecks, ['algorithm', 'encoding', 'key', 'signature', 'message'])
  checkKeySource(`${path}.key`, scheme.key)
  const isConfigured = (scheme.key as Shape).from === 'secret'
  if (scheme.form !== undefined && !String(scheme.algorithm).startsWith('ecdsa'))
    throw refusal(`${path}.form`, 'absent unless the algorithm is ECDSA', 'a value')
  if (scheme.recipient !== undefined) {
    checkSource(`${path}.recipient`, scheme.recipient)
    if (isConfigured) throw refusal(`${path}.recipient`, 'absent where `secrets` are the keys', 'a value')
  }
  const parts = checkSignedMessage(path, scheme)
  if (isConfigured && parts.includes('secret'))
    throw refusal(`${path}.message`, 'without a part `secret` where `secrets` are public keys', 'one with it')
  return scheme
}

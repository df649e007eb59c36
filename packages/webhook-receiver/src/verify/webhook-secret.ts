import { checkOptions, InvalidOptionsError, nonEmptyString, oneOf } from '@holdfast/core'
import type { VerificationScheme } from '@holdfast/core'

/** A secret with a name, and the time in which it is accepted. */
export interface WebhookSecret {
  readonly value: string
  /** Your name for it. Comes back as `keyId`. */
  readonly id?: string
  /** Accepted for requests that arrived at this time or later; milliseconds since the epoch or a `Date`. Default: always. */
  readonly notBefore?: number | Date
  /** Accepted for requests that arrived before this time, which is later than `notBefore`. Default: always. */
  readonly notAfter?: number | Date
  /** For schemes of this kind only, where a connector has several and the text does not tell what it is for. */
  readonly scheme?: VerificationScheme['scheme']
}

/** A secret that was checked. */
export interface CheckedSecret {
  readonly value: string
  readonly keyIndex: number
  readonly id: string | undefined
  readonly notBefore: number
  readonly notAfter: number
  readonly scheme: VerificationScheme['scheme'] | undefined
}

/** Whether a secret is accepted for a request of this arrival time. */
export function isValidAt({ notBefore, notAfter }: CheckedSecret, receivedAt: number): boolean {
  return receivedAt >= notBefore && receivedAt < notAfter
}

/**
 * Checks secrets as the application gives them. What came is described, never shown.
 *
 * @throws InvalidOptionsError for the first that is wrong, with its index.
 */
export function checkSecrets(path: string, secrets: readonly unknown[]): readonly CheckedSecret[] {
  return secrets.map((secret, keyIndex) => checkSecret(`${path}[${keyIndex}]`, secret, keyIndex))
}

function checkSecret(path: string, secret: unknown, keyIndex: number): CheckedSecret {
  if (typeof secret !== 'object' || secret === null) {
    return {
      value: checkValue(path, secret),
      keyIndex,
      id: undefined,
      notBefore: -Infinity,
      notAfter: Infinity,
      scheme: undefined,
    }
  }
  checkOptions(path, secret, {
    value: () => undefined,
    id: nonEmptyString,
    notBefore: instant,
    notAfter: instant,
    scheme: oneOf(...schemes),
  })
  const { value, id, notBefore, notAfter, scheme } = secret as WebhookSecret
  if (notBefore !== undefined && notAfter !== undefined && Number(notAfter) <= Number(notBefore)) {
    throw new InvalidOptionsError({
      path: `${path}.notAfter`,
      expected: `later than \`notBefore\` (${Number(notBefore)})`,
      received: Number(notAfter),
    })
  }
  return {
    value: checkValue(`${path}.value`, value),
    keyIndex,
    id,
    notBefore: notBefore === undefined ? -Infinity : Number(notBefore),
    notAfter: notAfter === undefined ? Infinity : Number(notAfter),
    scheme,
  }
}

const schemes: readonly VerificationScheme['scheme'][] = [
  'hmac',
  'digest',
  'signature',
  'jwt',
  'http-signature',
  'token',
  'basic',
]

function checkValue(path: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidOptionsError({
    path,
    expected: 'a non-empty string',
    received: undefined,
    receivedText: describeSecretType(value),
    ...(value === undefined ? { hint: 'Is its environment variable set?' } : {}),
  })
}

/** What a value is, without showing it. */
export function describeSecretType(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function instant(value: unknown): string | undefined {
  const ms = value instanceof Date ? value.getTime() : value
  return typeof ms === 'number' && Number.isFinite(ms) ? undefined : 'milliseconds since the epoch or a valid `Date`'
}

import { arrayOf, type Check, durationMs, integer, nonEmptyString, oneOf } from '../../options/check.ts'
import {
  type ChecksOf,
  checkedElsewhere,
  checkShape,
  jsonPointer,
  lowerCaseHeaderName,
  type Shape,
} from '../check-shape.ts'
import { checkVariant, refusal, type VariantChecks } from '../check-variant.ts'
import { checkSource, valueSourceChecks } from './check-value-source.ts'
import type { BodyHash, SecretFormat } from './scheme-base.ts'
import type { SignatureEncoding, SignatureFormat, SignatureSource, SignatureTimestamp } from './signature-source.ts'

const encodings: readonly SignatureEncoding[] = ['hex', 'base64', 'base64url']

/** How signatures may be written. */
export const signatureEncoding: Check = oneOf(...encodings)

const sourceChecks: ChecksOf<SignatureSource> = {
  ...valueSourceChecks,
  also: arrayOf(lowerCaseHeaderName),
  numbered: integer({ min: 1, max: 100 }),
  format: checkedElsewhere,
}

const formatChecks: Readonly<Record<SignatureFormat['kind'], VariantChecks>> = {
  plain: { optional: { prefix: nonEmptyString } },
  list: { required: { separator: nonEmptyString }, optional: { prefix: nonEmptyString } },
  keyValue: {
    required: { separator: nonEmptyString, key: nonEmptyString },
    optional: { pairSeparator: nonEmptyString },
  },
  taggedList: { required: { separator: nonEmptyString, tagSeparator: nonEmptyString, tag: nonEmptyString } },
  positional: { required: { separator: nonEmptyString, from: integer({ min: 0 }) } },
  pairs: { required: { separator: nonEmptyString, pairSeparator: nonEmptyString } },
  base64Json: { required: { pointer: jsonPointer } },
}

const timestampChecks: ChecksOf<SignatureTimestamp> = {
  ...valueSourceChecks,
  key: nonEmptyString,
  index: integer({ min: 0 }),
  format: oneOf('epoch_s', 'epoch_ms', 'epoch', 'rfc3339'),
  toleranceMs: durationMs(),
}

const bodyHashChecks: ChecksOf<BodyHash> = {
  ...valueSourceChecks,
  hash: oneOf('sha256', 'sha512'),
  encoding: signatureEncoding,
}

const secretChecks: ChecksOf<SecretFormat> = {
  encoding: oneOf('utf8', 'base64', 'hex'),
  prefix: prefixPattern,
  unprefixed: oneOf('utf8'),
  startsWith: nonEmptyString,
  derive: oneOf('sha1', 'sha256'),
}

/** Checks where signatures are. */
export function checkSignatureSource(path: string, value: unknown): Shape {
  const source = checkSource(path, withNumber(value), sourceChecks)
  if (source.format !== undefined) checkVariant(`${path}.format`, source.format, 'kind', formatChecks)
  for (const key of ['also', 'numbered']) {
    if (source[key] !== undefined && source.from !== 'header')
      throw refusal(`${path}.${key}`, "absent unless `from` is 'header'", 'a value')
  }
  if (source.numbered !== undefined && source === value)
    throw refusal(`${path}.numbered`, 'absent unless `name` holds `{n}`', 'a value')
  return source
}

/** The source with a number where `{n}` stands, so that its name can be checked as one. */
function withNumber(value: unknown): unknown {
  const { name, numbered } = (value ?? {}) as { readonly name?: unknown; readonly numbered?: unknown }
  if (numbered === undefined || typeof name !== 'string' || !name.includes('{n}')) return value
  return { ...(value as object), name: name.replace('{n}', '1') }
}

/** Checks where the time of signing is. */
export function checkTimestamp(path: string, value: unknown): void {
  const timestamp = checkSource(path, value, timestampChecks, ['format'])
  if (timestamp.key !== undefined && timestamp.index !== undefined)
    throw refusal(`${path}.index`, 'absent with `key`', 'a value')
}

/** Checks how the body's hash stands in the request. */
export function checkBodyHash(path: string, value: unknown): void {
  checkSource(path, value, bodyHashChecks, ['hash', 'encoding'])
}

/** Checks how a key is written. */
export function checkSecretFormat(path: string, value: unknown): void {
  const { encoding, prefix, unprefixed, startsWith } = checkShape(path, value, secretChecks, ['encoding'])
  if (unprefixed !== undefined && prefix === undefined)
    throw refusal(`${path}.unprefixed`, 'absent without `prefix`', 'a value')
  if (startsWith !== undefined && (encoding !== 'utf8' || prefix !== undefined))
    throw refusal(`${path}.startsWith`, "absent unless `encoding` is 'utf8' and there is no `prefix`", 'a value')
}

function prefixPattern(value: unknown): string | undefined {
  const wrong = nonEmptyString(value)
  if (wrong !== undefined) return wrong
  const text = value as string
  const star = text.indexOf('*')
  return star === -1 || (text.indexOf('*', star + 1) === -1 && star < text.length - 1)
    ? undefined
    : 'a text with at most one `*`, which something follows'
}

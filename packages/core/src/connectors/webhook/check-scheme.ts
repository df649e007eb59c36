import { nonEmptyString, number, oneOf } from '../../options/check.ts'
import {
  type ChecksOf,
  checkEach,
  checkedElsewhere,
  checkShape,
  headerName,
  jsonPointer,
  lowerCaseHeaderName,
  type Shape,
  text,
  textRecord,
} from '../check-shape.ts'
import { kindOf, refusal } from '../check-variant.ts'
import { checkEventId } from './check-event-fields.ts'
import { checkHttpSignature } from './check-http-signature-scheme.ts'
import { checkJwt } from './check-jwt-scheme.ts'
import { checkSignedMessage, schemeBaseChecks, signedMessageChecks } from './check-scheme-base.ts'
import { checkSignature } from './check-signature-scheme.ts'
import { checkSecretFormat } from './check-signature-source.ts'
import { checkSelect } from './check-value-source.ts'
import type { SignatureVector } from './scheme-base.ts'
import type { BasicScheme, HmacScheme, NoneScheme, TokenScheme, VerificationScheme } from './verification-scheme.ts'

const hashed: Omit<ChecksOf<HmacScheme>, 'scheme'> = {
  ...signedMessageChecks,
  hash: oneOf('sha1', 'sha256', 'sha384', 'sha512'),
  secret: checkedElsewhere,
}

const tokenChecks: ChecksOf<TokenScheme> = {
  ...schemeBaseChecks,
  scheme: oneOf('token'),
  header: lowerCaseHeaderName,
  prefix: nonEmptyString,
  bodyPointer: jsonPointer,
  query: nonEmptyString,
}

const basicChecks: ChecksOf<BasicScheme> = { ...schemeBaseChecks, scheme: oneOf('basic') }

const noneChecks: ChecksOf<NoneScheme> = { ...schemeBaseChecks, scheme: oneOf('none') }

const vectorChecks: ChecksOf<SignatureVector> = {
  source: nonEmptyString,
  secret: text,
  headers: textRecord,
  body: text,
  bodyBase64: text,
  method: nonEmptyString,
  url: nonEmptyString,
  keys: textRecord,
  receivedAt: number({ min: 0 }),
}

type SchemeCheck = (path: string, value: unknown) => Shape

const schemeChecks: Readonly<Record<VerificationScheme['scheme'], SchemeCheck>> = {
  hmac: checkHashed,
  digest: checkDigest,
  signature: checkSignature,
  jwt: checkJwt,
  'http-signature': checkHttpSignature,
  token: checkToken,
  basic: (path, value) => checkShape(path, value, basicChecks),
  none: (path, value) => checkShape(path, value, noneChecks),
}

/** Checks one way to verify. Vectors are checked for their shape only. */
export function checkScheme(path: string, value: unknown): void {
  const kinds = Object.keys(schemeChecks) as readonly VerificationScheme['scheme'][]
  const kind = kindOf(path, value, 'scheme', kinds) as VerificationScheme['scheme']
  const scheme = schemeChecks[kind](path, value)
  if (scheme.select !== undefined) checkSelect(`${path}.select`, scheme.select)
  if (scheme.eventId !== undefined) checkEventId(`${path}.eventId`, scheme.eventId)
  if (scheme.vectors !== undefined) checkEach(`${path}.vectors`, scheme.vectors, checkVector)
}

function checkHashed(path: string, value: unknown): Shape {
  const required = ['hash', 'encoding', 'secret', 'signature', 'message']
  const scheme = checkShape(path, value, { ...hashed, scheme: checkedElsewhere }, required)
  checkSecretFormat(`${path}.secret`, scheme.secret)
  checkSignedMessage(path, scheme)
  return scheme
}

function checkDigest(path: string, value: unknown): Shape {
  const scheme = checkHashed(path, value)
  if (!(scheme.message as readonly Shape[]).some(({ part }) => part === 'secret'))
    throw refusal(`${path}.message`, 'with a part `secret`, for a plain hash proves nothing without', 'one without')
  return scheme
}

function checkToken(path: string, value: unknown): Shape {
  const scheme = checkShape(path, value, tokenChecks)
  if (scheme.header === undefined && scheme.bodyPointer === undefined && scheme.query === undefined)
    throw refusal(path, 'a token scheme with `header`, `bodyPointer` or `query`', 'one with none of them')
  if (scheme.prefix !== undefined && scheme.header === undefined)
    throw refusal(`${path}.prefix`, 'absent without `header`', 'a value')
  return scheme
}

function checkVector(path: string, value: unknown): void {
  const vector = checkShape(path, value, vectorChecks, ['source', 'headers'])
  if (vector.secret === undefined && vector.keys === undefined)
    throw refusal(`${path}.secret`, 'present, or `keys`', '`undefined`')
  if (vector.body !== undefined && vector.bodyBase64 !== undefined)
    throw refusal(`${path}.bodyBase64`, 'absent with `body`', 'a value')
  for (const name of Object.keys(vector.headers as Shape)) {
    if (headerName(name) !== undefined)
      throw refusal(`${path}.headers`, 'an object whose keys are names of headers', 'a key that is none')
  }
}

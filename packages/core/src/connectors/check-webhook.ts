import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { boolean, type Check, durationMs, integer, nonEmptyString, number, oneOf } from '../options/check.ts'
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
} from './check-shape.ts'
import type {
  HmacScheme,
  MessagePart,
  SignatureFormat,
  SignatureTimestamp,
  SignatureVector,
  TokenScheme,
  WebhookDelivery,
  WebhookDescription,
  WebhookField,
} from './connector.ts'

const webhookChecks: ChecksOf<WebhookDescription> = {
  verify: checkedElsewhere,
  eventId: checkedElsewhere,
  eventType: checkedElsewhere,
  tenant: checkedElsewhere,
  ack: checkedElsewhere,
  delivery: checkedElsewhere,
}

const fieldChecks: ChecksOf<WebhookField> = {
  from: oneOf('header', 'body'),
  name: lowerCaseHeaderName,
  pointer: jsonPointer,
  signed: boolean,
}

const deliveryChecks: ChecksOf<WebhookDelivery> = {
  timeoutMs: durationMs(),
  retries: nonEmptyString,
  disables: nonEmptyString,
}

const hmacChecks: ChecksOf<HmacScheme> = {
  scheme: oneOf('hmac'),
  select: lowerCaseHeaderName,
  hash: oneOf('sha1', 'sha256', 'sha512'),
  encoding: oneOf('hex', 'base64'),
  secret: checkedElsewhere,
  header: lowerCaseHeaderName,
  format: checkedElsewhere,
  message: checkedElsewhere,
  timestamp: checkedElsewhere,
  eventId: checkedElsewhere,
  vectors: checkedElsewhere,
}

const secretChecks: ChecksOf<HmacScheme['secret']> = {
  encoding: oneOf('utf8', 'base64', 'hex'),
  prefix: nonEmptyString,
}

const timestampChecks: ChecksOf<SignatureTimestamp> = {
  header: lowerCaseHeaderName,
  key: nonEmptyString,
  unit: oneOf('s', 'ms'),
  toleranceMs: durationMs(),
}

const tokenChecks: ChecksOf<TokenScheme> = {
  scheme: oneOf('token'),
  select: lowerCaseHeaderName,
  header: lowerCaseHeaderName,
  bodyPointer: jsonPointer,
  eventId: checkedElsewhere,
  vectors: checkedElsewhere,
}

const vectorChecks: ChecksOf<SignatureVector> = {
  source: nonEmptyString,
  secret: nonEmptyString,
  headers: textRecord,
  body: text,
  receivedAt: number({ min: 0 }),
}

/** The members of each kind of signature format, beside `kind`; `prefix` alone may be absent. */
const formatChecks: Readonly<Record<SignatureFormat['kind'], Readonly<Record<string, Check>>>> = {
  plain: { prefix: nonEmptyString },
  keyValue: { separator: nonEmptyString, key: nonEmptyString },
  taggedList: { separator: nonEmptyString, tagSeparator: nonEmptyString, tag: nonEmptyString },
}

/** The members of each message part, beside `part`. */
const partChecks: Readonly<Record<MessagePart['part'], Readonly<Record<string, Check>>>> = {
  literal: { value: text },
  body: {},
  timestamp: {},
  header: { name: lowerCaseHeaderName },
}

/** Checks how a connector describes its webhooks. Vectors are checked for their shape only. */
export function checkWebhook(path: string, value: unknown): void {
  const webhook = checkShape(path, value, webhookChecks)
  const schemes = checkEach(`${path}.verify`, webhook.verify, checkScheme, true) as readonly Shape[]
  checkReachable(`${path}.verify`, schemes)
  for (const key of ['eventId', 'eventType', 'tenant']) {
    if (webhook[key] !== undefined) checkField(`${path}.${key}`, webhook[key])
  }
  if (webhook.ack !== undefined)
    checkShape(`${path}.ack`, webhook.ack, { status: integer({ min: 200, max: 299 }) }, ['status'])
  if (webhook.delivery !== undefined) checkShape(`${path}.delivery`, webhook.delivery, deliveryChecks)
}

function checkScheme(path: string, value: unknown): void {
  const kind = kindOf(path, value, 'scheme', ['hmac', 'token'])
  const scheme = kind === 'hmac' ? checkHmac(path, value) : checkToken(path, value)
  if (scheme.eventId !== undefined) checkField(`${path}.eventId`, scheme.eventId)
  if (scheme.vectors !== undefined) checkEach(`${path}.vectors`, scheme.vectors, checkVector)
}

function checkHmac(path: string, value: unknown): Shape {
  const required = ['hash', 'encoding', 'header', 'secret', 'format', 'message']
  const scheme = checkShape(path, value, hmacChecks, required)
  checkShape(`${path}.secret`, scheme.secret, secretChecks, ['encoding'])
  checkVariant(`${path}.format`, scheme.format, 'kind', formatChecks)
  const parts = checkEach(
    `${path}.message`,
    scheme.message,
    (at, part) => checkVariant(at, part, 'part', partChecks),
    true,
  )
  if (scheme.timestamp !== undefined)
    checkShape(`${path}.timestamp`, scheme.timestamp, timestampChecks, ['header', 'unit', 'toleranceMs'])
  else if ((parts as readonly Shape[]).some(({ part }) => part === 'timestamp'))
    throw refusal(`${path}.timestamp`, 'present, because `message` has a part `timestamp`', '`undefined`')
  return scheme
}

function checkToken(path: string, value: unknown): Shape {
  const scheme = checkShape(path, value, tokenChecks)
  if (scheme.header === undefined && scheme.bodyPointer === undefined)
    throw refusal(path, 'a token scheme with `header` or `bodyPointer`', 'one with neither')
  return scheme
}

/** No scheme may stand behind one that always applies, or behind one that the same header selects: it would never be used. */
function checkReachable(path: string, schemes: readonly Shape[]): void {
  schemes.forEach(({ select }, index) => {
    const before = schemes.findIndex((earlier) => earlier.select === undefined || earlier.select === select)
    if (before < index)
      throw refusal(
        `${path}[${index}]`,
        `a scheme that can be reached (\`${path}[${before}]\` applies first)`,
        'an unreachable scheme',
      )
  })
}

function checkField(path: string, value: unknown): void {
  const field = checkShape(path, value, fieldChecks, ['from', 'signed'])
  const [wanted, other] = field.from === 'header' ? (['name', 'pointer'] as const) : (['pointer', 'name'] as const)
  if (field[wanted] === undefined)
    throw refusal(`${path}.${wanted}`, `present with \`from: '${String(field.from)}'\``, '`undefined`')
  if (field[other] !== undefined)
    throw refusal(`${path}.${other}`, `absent with \`from: '${String(field.from)}'\``, 'a value')
}

function checkVector(path: string, value: unknown): void {
  const vector = checkShape(path, value, vectorChecks, ['source', 'secret', 'headers', 'body'])
  for (const name of Object.keys(vector.headers as Shape)) {
    const expected = headerName(name)
    if (expected !== undefined)
      throw refusal(`${path}.headers`, 'an object whose keys are names of headers', 'a key that is none')
  }
}

/** Checks one member of a union that `tag` tells apart; all its members but `prefix` are required. */
function checkVariant(
  path: string,
  value: unknown,
  tag: string,
  variants: Readonly<Record<string, Readonly<Record<string, Check>>>>,
): void {
  const members = variants[kindOf(path, value, tag, Object.keys(variants))] ?? {}
  const required = Object.keys(members).filter((name) => name !== 'prefix')
  checkShape(path, value, { [tag]: checkedElsewhere, ...members }, required)
}

function kindOf(path: string, value: unknown, tag: string, kinds: readonly string[]): string {
  const kind = checkObject(path, value)[tag]
  const expected = oneOf(...kinds)(kind)
  if (expected !== undefined) throw new InvalidOptionsError({ path: `${path}.${tag}`, expected, received: kind })
  return kind as string
}

function checkObject(path: string, value: unknown): Shape {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Shape
  throw new InvalidOptionsError({ path, expected: 'an object', received: value })
}

function refusal(path: string, expected: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({ path, expected, received: undefined, receivedText })
}

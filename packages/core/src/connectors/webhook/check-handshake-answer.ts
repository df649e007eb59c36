import { arrayOf, type Check, either, boolean, integer, nonEmptyString, number, oneOf } from '../../options/check.ts'
import {
  type ChecksOf,
  checkEach,
  checkedElsewhere,
  checkShape,
  lowerCaseHeaderName,
  type Shape,
} from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import type { HandshakeResponse } from './handshake.ts'

/** What an answer is made of. */
export interface HandshakeNeeds {
  readonly challenge: boolean
  readonly secret: boolean
}

const responseChecks: ChecksOf<HandshakeResponse> = {
  status: integer({ min: 200, max: 299 }),
  contentType: nonEmptyString,
  headers: checkedElsewhere,
  body: checkedElsewhere,
}

/** The one member that each kind of value has, and its check. */
const kinds: Readonly<Record<string, Check>> = {
  value: oneOf('challenge', 'secret', 'publicKey'),
  literal: nonEmptyString,
  hmac: checkedElsewhere,
  digest: checkedElsewhere,
  concat: checkedElsewhere,
}

const hmacChecks: Readonly<Record<string, Check>> = {
  hash: oneOf('sha1', 'sha256', 'sha512'),
  encoding: oneOf('hex', 'base64'),
  prefix: nonEmptyString,
}

const digestChecks: Readonly<Record<string, Check>> = {
  hash: oneOf('sha256'),
  encoding: oneOf('hex'),
  of: arrayOf(oneOf('challenge', 'verifyToken', 'url')),
}

const jsonLiteral: Check = either(nonEmptyString, either(number(), boolean))

/** Checks the answer to a handshake. */
export function checkHandshakeAnswer(path: string, value: unknown): HandshakeNeeds {
  const answer = checkShape(path, value, responseChecks, ['status'])
  if (answer.body !== undefined && (answer.status === 204 || answer.status === 205))
    throw refusal(`${path}.body`, `absent, for a ${answer.status} has no content`, 'a value')
  const needs: HandshakeNeeds[] = []
  for (const [name, header] of Object.entries(
    checkObject(`${path}.headers`, answer.headers === undefined ? {} : answer.headers),
  )) {
    const expected = lowerCaseHeaderName(name)
    if (expected !== undefined)
      throw refusal(`${path}.headers`, `an object whose keys are each ${expected}`, `\`${name}\``)
    needs.push(checkValue(`${path}.headers.${name}`, header))
  }
  const { json } = (answer.body ?? {}) as Shape
  if (json === undefined) {
    if (answer.body !== undefined) needs.push(checkValue(`${path}.body`, answer.body))
  } else {
    checkShape(`${path}.body`, answer.body, { json: checkedElsewhere })
    for (const [name, member] of Object.entries(checkObject(`${path}.body.json`, json)))
      needs.push(checkValue(`${path}.body.json.${name}`, member, jsonLiteral))
  }
  return together(needs)
}

function checkValue(path: string, value: unknown, literal: Check = nonEmptyString): HandshakeNeeds {
  const shape = checkShape(path, value, { ...kinds, literal })
  const given = Object.keys(kinds).filter((kind) => shape[kind] !== undefined)
  if (given.length !== 1)
    throw refusal(
      path,
      `an object with one of ${Object.keys(kinds).join(', ')}`,
      `one with ${given.join(', ') || 'none'}`,
    )
  if (shape.hmac !== undefined) {
    checkShape(`${path}.hmac`, shape.hmac, hmacChecks, ['hash', 'encoding'])
    return { challenge: true, secret: false }
  }
  if (shape.digest !== undefined) {
    const { of } = checkShape(`${path}.digest`, shape.digest, digestChecks, ['hash', 'encoding', 'of'])
    return { challenge: (of as readonly unknown[]).includes('challenge'), secret: false }
  }
  if (shape.concat !== undefined) {
    const needs: HandshakeNeeds[] = []
    checkEach(`${path}.concat`, shape.concat, (at, item) => needs.push(checkValue(at, item)), true)
    return together(needs)
  }
  return { challenge: shape.value === 'challenge', secret: shape.value === 'secret' }
}

function together(needs: readonly HandshakeNeeds[]): HandshakeNeeds {
  return { challenge: needs.some(({ challenge }) => challenge), secret: needs.some(({ secret }) => secret) }
}

function checkObject(path: string, value: unknown): Shape {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Shape
  throw refusal(path, 'an object', `a value of type ${typeof value}`)
}

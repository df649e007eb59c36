import { arrayOf, type Check, integer, nonEmptyString, number, oneOf } from '../../options/check.ts'
import {
  type ChecksOf,
  checkEach,
  checkedElsewhere,
  checkShape,
  jsonPointer,
  type Shape,
  text,
  textRecord,
} from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { isAlphabet } from './challenge-pattern.ts'
import { checkHandshakeAnswer, type HandshakeNeeds } from './check-handshake-answer.ts'
import { checkCondition, checkSource, valueSourceChecks } from './check-value-source.ts'
import type { ConfirmationLink, Handshake, HandshakeChallenge, HandshakeExample } from './handshake.ts'

const handshakeChecks: ChecksOf<Handshake> = {
  name: (value) => (typeof value === 'string' && /^[a-z][a-z0-9_]*$/.test(value) ? undefined : 'a name in snake_case'),
  when: checkedElsewhere,
  verified: oneOf(true),
  challenge: checkedElsewhere,
  verifyToken: checkedElsewhere,
  secret: checkedElsewhere,
  respond: checkedElsewhere,
  store: oneOf(true),
  confirm: checkedElsewhere,
  examples: checkedElsewhere,
}

const challengeChecks: ChecksOf<HandshakeChallenge> = {
  ...valueSourceChecks,
  alphabet: (value) =>
    typeof value === 'string' && isAlphabet(value)
      ? undefined
      : 'printable ASCII characters and ranges such as `A-Za-z0-9`, with a `-` at the end only',
  maxLength: integer({ min: 1, max: 4096 }),
}

const confirmChecks: ChecksOf<ConfirmationLink> = {
  pointer: jsonPointer,
  hosts: arrayOf((host) =>
    typeof host === 'string' && /^[a-z0-9*-]+(?:\.[a-z0-9*-]+)+$/.test(host)
      ? undefined
      : 'a host name, in which `*` stands for anything within a label',
  ),
}

const exampleChecks: ChecksOf<HandshakeExample> = {
  source: nonEmptyString,
  request: checkedElsewhere,
  secret: nonEmptyString,
  verifyToken: nonEmptyString,
  publicKey: nonEmptyString,
  keys: textRecord,
  receivedAt: number({ min: 0 }),
  response: checkedElsewhere,
}

const methods: Check = oneOf('GET', 'HEAD', 'POST', 'OPTIONS')

/** Checks the handshakes of a connector; that none is a signing oracle is checked elsewhere. */
export function checkHandshakes(path: string, value: unknown): readonly Shape[] {
  const handshakes = checkEach(path, value, checkHandshake) as readonly Shape[]
  handshakes.forEach(({ name }, index) => {
    if (handshakes.findIndex((other) => other.name === name) < index)
      throw refusal(`${path}[${index}].name`, 'a name that no other handshake has', `\`${String(name)}\``)
  })
  return handshakes
}

function checkHandshake(path: string, value: unknown): void {
  const handshake = checkShape(path, value, handshakeChecks, ['name', 'when', 'respond', 'examples'])
  checkWhen(`${path}.when`, handshake.when)
  if (handshake.challenge !== undefined)
    checkSource(`${path}.challenge`, handshake.challenge, challengeChecks, ['alphabet', 'maxLength'])
  if (handshake.verifyToken !== undefined) checkSource(`${path}.verifyToken`, handshake.verifyToken)
  if (handshake.secret !== undefined) checkSource(`${path}.secret`, handshake.secret)
  checkNeeds(path, handshake, checkHandshakeAnswer(`${path}.respond`, handshake.respond))
  if (handshake.confirm !== undefined)
    checkShape(`${path}.confirm`, handshake.confirm, confirmChecks, ['pointer', 'hosts'])
  if (handshake.store === true && handshake.verified !== true)
    throw refusal(`${path}.verified`, 'true, for only what was verified is stored', '`undefined`')
  if (handshake.confirm !== undefined && handshake.store !== true)
    throw refusal(`${path}.store`, 'true, for the link is opened by whoever gets the event', '`undefined`')
  checkEach(`${path}.examples`, handshake.examples, checkExample, true)
}

/** Beside the method there must be something that no event has: else every event would be taken for the handshake. */
function checkWhen(path: string, value: unknown): void {
  const conditions = checkEach(path, value, checkHandshakeCondition, true) as readonly Shape[]
  const chosen = conditions.filter((condition) => condition.method !== undefined).map((condition) => condition.method)
  if (chosen.length > 1) throw refusal(path, 'with one condition on the method at most', 'several')
  if (chosen.length === conditions.length && (chosen[0] ?? 'POST') === 'POST')
    throw refusal(path, 'with a condition beside `method: POST`, which every event fulfils', 'none')
}

function checkHandshakeCondition(path: string, value: unknown): void {
  const { method, onlyMembers } = (value ?? {}) as Shape
  if (method !== undefined) checkShape(path, value, { method: methods })
  else if (onlyMembers !== undefined) checkShape(path, value, { onlyMembers: arrayOf(nonEmptyString) })
  else checkCondition(path, value)
}

/** What the answer is made of must be there. */
function checkNeeds(path: string, handshake: Shape, needs: HandshakeNeeds): void {
  for (const need of ['challenge', 'secret'] as const) {
    if (needs[need] && handshake[need] === undefined)
      throw refusal(`${path}.${need}`, 'present, because `respond` makes something of it', '`undefined`')
  }
}

function checkExample(path: string, value: unknown): void {
  const example = checkShape(path, value, exampleChecks, ['source', 'request', 'response'])
  const requestChecks = { method: methods, url: nonEmptyString, headers: textRecord, body: text }
  checkShape(`${path}.request`, example.request, requestChecks, ['url'])
  const responseChecks = { status: integer({ min: 200, max: 599 }), headers: textRecord, body: text }
  checkShape(`${path}.response`, example.response, responseChecks, ['status', 'body'])
}

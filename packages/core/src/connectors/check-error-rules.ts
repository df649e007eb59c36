import { type Delivery, errorCodes, type Fault, type Retryable } from '../errors/codes.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { arrayOf, type Check, durationMs, either, integer, nonEmptyString, oneOf } from '../options/check.ts'
import {
  type ChecksOf,
  checkEach,
  checkedElsewhere,
  checkShape,
  json,
  jsonPointer,
  lowerCaseHeaderName,
  textRecord,
} from './check-shape.ts'
import type { ErrorCondition, ErrorRule, ErrorVerdict, ExampleAnswer } from './connector.ts'
import { type MatchableAnswer, matchesCondition } from './match-condition.ts'

const FAULTS: readonly Fault[] = ['caller', 'customer', 'upstream', 'network', 'platform']
const RETRYABLES: readonly Retryable[] = ['never', 'now', 'after', 'after_refresh', 'after_user_action']
const DELIVERIES: readonly Delivery[] = ['not_sent', 'unknown', 'answered']

const status = integer({ min: 100, max: 599 })

const reason: Check = (value) =>
  typeof value === 'string' && /^[a-z][a-z\d]*(?:_[a-z\d]+)*$/.test(value) ? undefined : 'a reason in snake_case'

const errorCode: Check = (value) =>
  typeof value === 'string' && Object.hasOwn(errorCodes, value) ? undefined : 'one of the codes in `errorCodes`'

const nonEmptyArray: Check = (value) =>
  Array.isArray(value) && value.length > 0 && json(value) === undefined
    ? undefined
    : 'an array of at least one JSON value'

const ruleParts: readonly (keyof ErrorRule)[] = ['when', 'then', 'example']
const ruleChecks = Object.fromEntries(ruleParts.map((part) => [part, checkedElsewhere]))

const conditionChecks: ChecksOf<ErrorCondition> = {
  status: either(status, arrayOf(status)),
  header: lowerCaseHeaderName,
  pointer: jsonPointer,
  equals: json,
  in: nonEmptyArray,
  matches: nonEmptyString,
}

const verdictChecks: ChecksOf<ErrorVerdict> = {
  code: errorCode,
  reason,
  fault: oneOf(...FAULTS),
  retryable: oneOf(...RETRYABLES),
  delivery: oneOf(...DELIVERIES),
  waitMs: durationMs(),
}

/** A check for each part of an example's answer. */
export const exampleChecks: ChecksOf<ExampleAnswer> = { status, headers: textRecord, body: json }

/**
 * Checks the error rules of a connector: their shape, and that each example is matched by its own rule first, so that no
 * rule is dead.
 */
export function checkErrorRules(path: string, value: unknown): void {
  const rules = checkEach(path, value, checkErrorRule) as readonly ErrorRule[]
  const answers = rules.map(({ example }, index) => answerOf(`${path}[${index}].example`, example))
  answers.forEach((answer, index) => {
    const first = rules.findIndex(({ when }) => matchesCondition(when, answer))
    if (first === index) return
    const at = `${path}[${index}]`
    throw first >= 0 && first < index
      ? refusal(
          at,
          `a rule that can be reached (\`${path}[${first}]\` matches its example first)`,
          'an unreachable rule',
        )
      : refusal(`${at}.example`, `an answer that \`${at}.when\` matches`, 'one that it does not match')
  })
}

function checkErrorRule(path: string, value: unknown): void {
  const rule = checkShape(path, value, ruleChecks, ruleParts)
  checkCondition(`${path}.when`, rule.when)
  checkShape(`${path}.then`, rule.then, verdictChecks, ['code'])
  checkShape(`${path}.example`, rule.example, exampleChecks, ['status'])
}

/** Checks a condition: its shape, and that it looks at something. */
export function checkCondition(path: string, value: unknown): void {
  const condition = checkShape(path, value, conditionChecks)
  const { status: wanted, header, pointer } = condition
  if (wanted === undefined && header === undefined && pointer === undefined)
    throw refusal(path, 'a condition with `status`, `header` or `pointer`', 'one that every answer meets')
  if (Array.isArray(wanted) && wanted.length === 0)
    throw refusal(`${path}.status`, 'a status or an array of at least one', 'an empty array')
  const operator = (['equals', 'in', 'matches'] as const).find((name) => condition[name] !== undefined)
  if (operator !== undefined && header === undefined && pointer === undefined)
    throw refusal(`${path}.${operator}`, 'accompanied by `header` or `pointer`', 'it alone')
}

function answerOf(path: string, { status: answered, headers, body }: ExampleAnswer): MatchableAnswer {
  try {
    return { status: answered, headers: new Headers(headers), body }
  } catch {
    throw refusal(`${path}.headers`, 'headers with valid names and values', 'others')
  }
}

function refusal(path: string, expected: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({ path, expected, received: undefined, receivedText })
}

import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { readRule } from '../limit-reading/read-rule.ts'
import { arrayOf, type Check, integer, nonEmptyString, number, oneOf } from '../options/check.ts'
import { checkCondition, exampleChecks } from './check-error-rules.ts'
import {
  type ChecksOf,
  checkEach,
  checkedElsewhere,
  checkShape,
  jsonPointer,
  lowerCaseHeaderName,
  type Shape,
} from './check-shape.ts'
import type { LimitCost, LimitField, RateLimitExample, RateLimitRule, ResetField } from './rate-limit-rule.ts'

const snakeCase: Check = (value) =>
  typeof value === 'string' && /^[a-z][a-z\d]*(?:_[a-z\d]+)*$/.test(value) ? undefined : 'an id in snake_case'

/** A path with `*` and `**`. */
export const pathPattern: Check = (value) =>
  typeof value === 'string' && /^\/[\w\-.~/*%:@]*$/.test(value) ? undefined : 'a path that begins with `/`'

const namedPathPattern: Check = (value) =>
  pathPattern(typeof value === 'string' ? value.replace(/\{\w+\}/g, '*') : value)

const ruleChecks: ChecksOf<RateLimitRule> = {
  id: snakeCase,
  scope: oneOf('app', 'connection', 'endpoint'),
  hosts: arrayOf(nonEmptyString),
  paths: arrayOf(namedPathPattern),
  exceptPaths: arrayOf(pathPattern),
  when: checkedElsewhere,
  unit: nonEmptyString,
  costs: checkedElsewhere,
  limit: checkedElsewhere,
  windowMs: checkedElsewhere,
  remaining: checkedElsewhere,
  used: checkedElsewhere,
  reset: checkedElsewhere,
  restorePerSecond: checkedElsewhere,
  cost: checkedElsewhere,
  actualCost: checkedElsewhere,
  resetMeans: oneOf('window', 'full'),
  examples: checkedElsewhere,
}

const fieldChecks: ChecksOf<LimitField> = {
  header: lowerCaseHeaderName,
  pointer: jsonPointer,
  value: number({ min: 0 }),
  key: nonEmptyString,
  of: oneOf('numerator', 'denominator'),
}

const costChecks: ChecksOf<LimitCost> = {
  methods: arrayOf((value) =>
    typeof value === 'string' && /^[A-Z]+$/.test(value) ? undefined : 'a method in upper case',
  ),
  paths: arrayOf(pathPattern),
  cost: number({ min: 0 }),
}

const resetChecks: ChecksOf<ResetField> = {
  header: lowerCaseHeaderName,
  pointer: jsonPointer,
  key: nonEmptyString,
  format: oneOf('delta_s', 'delta_ms', 'epoch_s', 'epoch_ms', 'moment', 'duration'),
}

const countChecks: ChecksOf<RateLimitExample['reads']> = {
  limit: number({ min: 0 }),
  remaining: number({ min: 0 }),
  resetMs: number({ min: 0 }),
  windowMs: number({ min: 0 }),
  restorePerSecond: number({ min: 0 }),
  cost: number({ min: 0 }),
}

const exampleParts: ChecksOf<RateLimitExample> = {
  answer: checkedElsewhere,
  now: integer({ min: 0 }),
  reads: checkedElsewhere,
}

const numberFields = ['limit', 'windowMs', 'remaining', 'used', 'restorePerSecond', 'cost', 'actualCost'] as const

/** Checks the rate limits of a connector: their shape, and that every example reads as it says. */
export function checkRateLimits(path: string, value: unknown): void {
  const rules = checkEach(path, value, checkRule) as readonly RateLimitRule[]
  rules.forEach(({ id }, index) => {
    if (rules.findIndex((rule) => rule.id === id) !== index)
      throw refusal(`${path}[${index}].id`, 'an id that no other rule has', 'one that is taken')
  })
}

function checkRule(path: string, value: unknown): void {
  const shape = checkShape(path, value, ruleChecks, ['id', 'scope'])
  if (shape.when !== undefined) checkCondition(`${path}.when`, shape.when)
  if (shape.costs !== undefined)
    checkEach(`${path}.costs`, shape.costs, (at, cost) => checkShape(at, cost, costChecks, ['cost']))
  for (const key of numberFields)
    if (shape[key] !== undefined) checkField(`${path}.${key}`, checkShape(`${path}.${key}`, shape[key], fieldChecks))
  if (shape.reset !== undefined)
    checkField(`${path}.reset`, checkShape(`${path}.reset`, shape.reset, resetChecks, ['format']))
  const rule = value as RateLimitRule
  const reads = rule.remaining ?? rule.used ?? rule.reset
  const isDeclared = rule.limit?.value !== undefined && rule.windowMs?.value !== undefined
  if (reads === undefined && !isDeclared)
    throw refusal(path, 'a limit that an answer tells, or one with a `value` for `limit` and `windowMs`', 'neither')
  if (reads !== undefined || rule.examples !== undefined) checkExamples(`${path}.examples`, rule)
}

function checkExamples(path: string, rule: RateLimitRule): void {
  checkEach(path, rule.examples, checkExampleShape, true)
  rule.examples?.forEach(({ answer, now = 0, reads }, index) => {
    const at = `${path}[${index}]`
    const reading = readRule(rule, { ...answer, headers: headersOf(at, answer.headers) }, now)
    for (const key of Object.keys(countChecks) as (keyof RateLimitExample['reads'])[])
      if (reading?.[key] !== reads[key])
        throw refusal(
          `${at}.reads.${key}`,
          `what the rule reads: ${reading?.[key] ?? 'nothing'}`,
          `${reads[key] ?? 'nothing'}`,
        )
  })
}

function checkExampleShape(path: string, value: unknown): void {
  const example = checkShape(path, value, exampleParts, ['answer', 'reads'])
  checkShape(`${path}.answer`, example.answer, exampleChecks, ['status'])
  checkShape(`${path}.reads`, example.reads, countChecks)
}

function checkField(path: string, { header, pointer, value }: Shape): void {
  const given = [header, pointer, value].filter((place) => place !== undefined)
  if (given.length !== 1)
    throw refusal(path, 'one of `header`, `pointer` and `value`', given.length === 0 ? 'none' : 'several')
}

function headersOf(path: string, headers: Readonly<Record<string, string>> | undefined): Headers {
  try {
    return new Headers(headers)
  } catch {
    throw refusal(`${path}.answer.headers`, 'headers with valid names and values', 'others')
  }
}

function refusal(path: string, expected: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({ path, expected, received: undefined, receivedText })
}

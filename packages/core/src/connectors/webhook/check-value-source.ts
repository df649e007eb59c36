import { boolean, type Check, nonEmptyString, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkEach, checkShape, jsonPointer, lowerCaseHeaderName, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import type { RequestCondition, ValueSource, WebhookField } from './value-source.ts'

/** The members of everything that says where a value is. */
export const valueSourceChecks: ChecksOf<ValueSource> = {
  from: oneOf('header', 'body', 'query', 'claim'),
  name: nonEmptyString,
  pointer: jsonPointer,
}

const fieldChecks: ChecksOf<WebhookField> = { ...valueSourceChecks, signed: boolean }

const conditionChecks: ChecksOf<RequestCondition> = {
  ...valueSourceChecks,
  equals: nonEmptyString,
  matches: nonEmptyString,
  absent: oneOf(true),
}

/** Checks an object that says where a value is, and has other members beside. */
export function checkSource(
  path: string,
  value: unknown,
  checks: Readonly<Record<string, Check>> = valueSourceChecks,
  required: readonly string[] = [],
): Shape {
  const source = checkShape(path, value, checks, ['from', ...required])
  const [wanted, other] = source.from === 'body' ? (['pointer', 'name'] as const) : (['name', 'pointer'] as const)
  if (source[wanted] === undefined)
    throw refusal(`${path}.${wanted}`, `present with \`from: '${String(source.from)}'\``, '`undefined`')
  if (source[other] !== undefined)
    throw refusal(`${path}.${other}`, `absent with \`from: '${String(source.from)}'\``, 'a value')
  const wrongName = source.from === 'header' ? lowerCaseHeaderName(source.name) : undefined
  if (wrongName !== undefined) throw refusal(`${path}.name`, wrongName, `\`${String(source.name)}\``)
  return source
}

/** Checks a field that a webhook is read for. */
export function checkField(path: string, value: unknown): void {
  checkSource(path, value, fieldChecks, ['signed'])
}

/** Checks when a scheme applies. */
export function checkSelect(path: string, value: unknown): void {
  if (typeof value === 'string') {
    const expected = lowerCaseHeaderName(value)
    if (expected !== undefined) throw refusal(path, expected, `\`${value}\``)
    return
  }
  checkEach(path, value, checkCondition, true)
}

/** Checks a condition on one value of the request. */
export function checkCondition(path: string, value: unknown): void {
  const condition = checkSource(path, value, conditionChecks)
  if (condition.absent !== undefined && (condition.equals !== undefined || condition.matches !== undefined))
    throw refusal(`${path}.absent`, 'alone, for what is absent has no value', 'together with a value')
}

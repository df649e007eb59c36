import type { ErrorCondition } from './connector.ts'
import { readPointer } from './json-pointer.ts'

/** The parts of an answer that a condition can look at. */
export interface MatchableAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body?: unknown
}

/**
 * Whether an answer meets a condition: every part that is given must hold. With both `header` and `pointer` the operators
 * apply to the pointer's value and the header has to be present.
 */
export function matchesCondition(condition: ErrorCondition, answer: MatchableAnswer): boolean {
  if (!matchesStatus(condition.status, answer.status)) return false
  const header = condition.header === undefined ? undefined : readHeader(answer.headers, condition.header)
  if (condition.header !== undefined && header === undefined) return false
  if (condition.pointer === undefined) return condition.header === undefined || matchesOperators(condition, header)
  const value = readPointer(answer.body, condition.pointer)
  return value !== undefined && matchesOperators(condition, value)
}

function matchesStatus(wanted: number | readonly number[] | undefined, status: number): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'number' ? wanted === status : wanted.includes(status)
}

function matchesOperators({ equals, in: oneOf, matches }: ErrorCondition, value: unknown): boolean {
  if (equals !== undefined && !isSameJson(equals, value)) return false
  if (oneOf !== undefined && !oneOf.some((item) => isSameJson(item, value))) return false
  return matches === undefined || includesText(value, matches)
}

function includesText(value: unknown, part: string): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  return String(value).toLowerCase().includes(part.toLowerCase())
}

/** Equality of JSON values: members in any order, items in order. */
function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      isSameJson((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  )
}

function readHeader(headers: Headers, name: string): string | undefined {
  try {
    return headers.get(name) ?? undefined
  } catch {
    // Headers throws for what cannot be a header name; such a header is absent.
    return undefined
  }
}

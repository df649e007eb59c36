import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { type Check, checkOptions } from '../options/check.ts'
import { isJsonPointer } from './json-pointer.ts'

/** A JSON object whose keys are known by now. */
export type Shape = Readonly<Record<string, unknown>>

/** A check for each key of a type. */
export type ChecksOf<Type> = Readonly<Record<keyof Type, Check>>

/** Passes everything: the value is looked at elsewhere, with a path of its own. */
export const checkedElsewhere: Check = () => undefined

export const headerName: Check = (value) =>
  typeof value === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(value) ? undefined : 'the name of a header'

export const lowerCaseHeaderName: Check = (value) =>
  headerName(value) === undefined && value === String(value).toLowerCase() ? undefined : 'a header name in lower case'

export const jsonPointer: Check = (value) =>
  typeof value === 'string' && isJsonPointer(value)
    ? undefined
    : "a JSON Pointer (RFC 6901: '' or segments that each start with `/`)"

export const text: Check = (value) => (typeof value === 'string' ? undefined : 'a string')

export const textRecord: Check = (value) =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string')
    ? undefined
    : 'an object whose values are strings'

export const json: Check = (value) => (isJson(value, new Set()) ? undefined : 'a JSON value')

/**
 * Checks an object key by key; unlike in options, the keys in `required` must be there.
 *
 * @throws InvalidOptionsError for the first thing that is wrong, with its path.
 */
export function checkShape(
  path: string,
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Shape {
  checkOptions(path, value, checks)
  const shape = value as Shape
  for (const key of required) {
    if (shape[key] !== undefined) continue
    const expected = checks[key]?.(undefined) ?? 'present'
    throw new InvalidOptionsError({ path: `${path}.${key}`, expected, received: undefined })
  }
  return shape
}

/** Checks an array item by item, each with its own path. */
export function checkEach(
  path: string,
  value: unknown,
  check: (path: string, item: unknown) => void,
  atLeastOne = false,
): readonly unknown[] {
  if (!Array.isArray(value) || (atLeastOne && value.length === 0))
    throw new InvalidOptionsError({
      path,
      expected: atLeastOne ? 'an array of at least one item' : 'an array',
      received: value,
    })
  const items: readonly unknown[] = value
  items.forEach((item, index) => check(`${path}[${index}]`, item))
  return items
}

function isObject(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isJson(value: unknown, parents: ReadonlySet<unknown>): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || parents.has(value)) return false
  const within = new Set(parents).add(value)
  return Object.values(value).every((item) => isJson(item, within))
}

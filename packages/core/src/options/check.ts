import { InvalidOptionsError } from '../errors/invalid-options-error.ts'

/** Says what would have been right, or nothing when the value is. */
export type Check = (value: unknown) => string | undefined

/** Bounds of a number option, both inclusive. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
  /** Whether `Infinity` is allowed. Default: false. */
  readonly infinity?: boolean
}

/** An integer within bounds. */
export function integer(bounds: Bounds = {}): Check {
  return numeric('an integer', bounds, Number.isInteger)
}

/** A finite number within bounds. */
export function number(bounds: Bounds = {}): Check {
  return numeric('a number', bounds, Number.isFinite)
}

/** A duration in milliseconds: a number >= 0 unless bounds say otherwise. */
export function durationMs(bounds: Bounds = {}): Check {
  return numeric('a number of milliseconds', { min: 0, ...bounds }, Number.isFinite)
}

export const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'a boolean')

export const nonEmptyString: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a non-empty string'

export const callback: Check = (value) => (typeof value === 'function' ? undefined : 'a function')

export const plainObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object'

/** An object with these methods. */
export function withMethods(...names: readonly string[]): Check {
  return (value) =>
    plainObject(value) === undefined && names.every((name) => typeof Reflect.get(value as object, name) === 'function')
      ? undefined
      : `an object with the methods ${names.join(', ')}`
}

/** A `Clock`. */
export const clockObject: Check = withMethods('now', 'monotonicMs', 'sleep', 'schedule')

/** A `Random`. */
export const randomObject: Check = withMethods('next', 'uuid')

/** An `AbortSignal`, whichever realm has made it. */
export const abortSignal: Check = (value) =>
  withMethods('addEventListener', 'throwIfAborted')(value) === undefined ? undefined : 'an AbortSignal'

/** One of a few literals. */
export function oneOf(...allowed: readonly unknown[]): Check {
  return (value) =>
    allowed.includes(value)
      ? undefined
      : allowed.map((item) => (typeof item === 'string' ? `'${item}'` : String(item))).join(' | ')
}

/** Either check. */
export function either(first: Check, second: Check): Check {
  return (value) => {
    const wrongFirst = first(value)
    const wrongSecond = second(value)
    return wrongFirst === undefined || wrongSecond === undefined ? undefined : `${wrongFirst} or ${wrongSecond}`
  }
}

/** An array, each of whose items passes. */
export function arrayOf(item: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'an array'
    for (const entry of value) {
      const wrong = item(entry)
      if (wrong !== undefined) return `an array, each item ${wrong}`
    }
    return undefined
  }
}

/**
 * Checks `options` against `checks`, key by key. `undefined` passes (the default applies); a key without a check is refused
 * with the nearest name as a hint.
 *
 * @throws InvalidOptionsError for the first option that is wrong, with its path.
 */
export function checkOptions(path: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  const wrong = plainObject(options)
  if (wrong !== undefined)
    throw new InvalidOptionsError({ path: path === '' ? 'options' : path, expected: wrong, received: options })
  for (const [key, value] of Object.entries(options as Record<string, unknown>)) {
    const at = path === '' ? key : `${path}.${key}`
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined
    if (check === undefined) throw unknownOption(at, key, Object.keys(checks), value)
    if (value === undefined) continue
    const expected = check(value)
    if (expected !== undefined) throw new InvalidOptionsError({ path: at, expected, received: value })
  }
}

function unknownOption(path: string, key: string, known: readonly string[], value: unknown): InvalidOptionsError {
  const nearest = nearestName(key, known)
  return new InvalidOptionsError({
    path,
    expected: `absent (there is no option \`${key}\`)`,
    received: undefined,
    // Nobody knows what an unknown option holds: it may be a secret, so its value is not shown.
    receivedText: Array.isArray(value) ? 'an array' : value === null ? '`null`' : `a value of type ${typeof value}`,
    hint: nearest === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean \`${nearest}\`?`,
  })
}

/** The known name closest to `name`, when it is close enough to be a typing error. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[right.length] ?? 0
}

function numeric(noun: string, bounds: Bounds, isNoun: (value: unknown) => boolean): Check {
  const { min = -Infinity, max = Infinity, infinity = false } = bounds
  const range =
    min > -Infinity && max < Infinity
      ? ` from ${min} to ${max}`
      : min > -Infinity
        ? ` >= ${min}`
        : max < Infinity
          ? ` <= ${max}`
          : ''
  const expected = `${noun}${range}${infinity ? ' (or Infinity)' : ''}`
  return (value) => {
    if (infinity && value === Infinity) return undefined
    return isNoun(value) && (value as number) >= min && (value as number) <= max ? undefined : expected
  }
}

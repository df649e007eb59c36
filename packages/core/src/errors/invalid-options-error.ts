import { IntegrationError } from './integration-error.ts'

/** What was wrong with an option. */
export interface InvalidOption {
  /** Where, for example `retry.maxAttempts`. */
  readonly path: string
  /** What would have been right, for example `an integer >= 1`. */
  readonly expected: string
  /** What came. Printed shortened; secrets must be passed as `undefined` with `receivedText`. */
  readonly received: unknown
  /** Replaces the printed form of `received`, for values that must not be shown. */
  readonly receivedText?: string
  /** What to do about it, one sentence. */
  readonly hint?: string
}

/**
 * An option, connector or other input from the developer is wrong. Thrown at construction, before anything has happened;
 * the message reads: Expected `retry.maxAttempts` to be an integer >= 1, got `0` (number).
 */
export class InvalidOptionsError extends IntegrationError {
  override readonly name: string = 'InvalidOptionsError'
  readonly path: string
  readonly expected: string
  /** The value itself. It is left out of `util.inspect` and `toJSON`. */
  declare readonly received: unknown

  constructor(option: InvalidOption) {
    const got = option.receivedText ?? describeValue(option.received)
    const hint = option.hint === undefined ? '' : ` ${option.hint}`
    super({
      code: 'configuration_error',
      reason: 'invalid_option',
      phase: 'local',
      message: `Expected \`${option.path}\` to be ${option.expected}, got ${got}.${hint}`,
    })
    this.path = option.path
    this.expected = option.expected
    Object.defineProperty(this, 'received', { value: option.received })
  }
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return `\`${value}\``
  if (typeof value === 'string') {
    const text = withoutCredentials(value)
    return `\`${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}\` (string)`
  }
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return `an object with keys ${Object.keys(value).slice(0, 8).join(', ') || '(none)'}`
  if (typeof value === 'function') return 'a function'
  return `\`${String(value as number | boolean | bigint | symbol)}\` (${typeof value})`
}

/**
 * A URL in the place of a client or of a store, such as `redis://user:password@host`, may hold a password, also one that should have been
 * escaped and was not: everything up to the last `@` is left out, and what stands behind a `?`.
 */
function withoutCredentials(text: string): string {
  return text.replace(/(:\/\/).*@/s, '$1…@').replace(/(:\/\/[^?]*\?).*/s, '$1…')
}

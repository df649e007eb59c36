import { checkOptions, durationMs, InvalidOptionsError, integer, nonEmptyString } from '@holdfast/core'

/** How a gateway finds out whether its target can take requests. */
export interface HealthOptions {
  /** Path that is asked with GET; any 2xx is healthy. @defaultValue `'/health'` */
  readonly path?: string
  /** Time between the end of a probe and the next one, in ms. 10 and up. @defaultValue `2_000` */
  readonly intervalMs?: number
  /** A probe that takes longer has failed, in ms. 1 and up. @defaultValue `2_000` */
  readonly timeoutMs?: number
  /** The last probes that are looked at. 1 to 100. @defaultValue `3` */
  readonly window?: number
  /** Failures among them that make a healthy target unhealthy. 1 to `window`. @defaultValue `2` */
  readonly failures?: number
  /** Successes among them that make it healthy again. 1 to `window`. @defaultValue `2` */
  readonly successes?: number
  /**
   * Failures among the last `liveWindow` requests that passed straight through that make it unhealthy at once, before a probe says so. 1 to
   * `liveWindow`.
   *
   * @defaultValue `3`
   */
  readonly liveFailures?: number
  /** 1 to 1,000. @defaultValue `10` */
  readonly liveWindow?: number
}

/** Every option of the health of a target. */
export type ResolvedHealthOptions = Required<HealthOptions>

/** Defaults of `health`. */
export const defaultHealthOptions: Readonly<ResolvedHealthOptions> = Object.freeze({
  path: '/health',
  intervalMs: 2_000,
  timeoutMs: 2_000,
  window: 3,
  failures: 2,
  successes: 2,
  liveFailures: 3,
  liveWindow: 10,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveHealthOptions(options: HealthOptions = {}): ResolvedHealthOptions {
  checkOptions('health', options, {
    path: nonEmptyString,
    intervalMs: durationMs({ min: 10 }),
    timeoutMs: durationMs({ min: 1 }),
    window: integer({ min: 1, max: 100 }),
    failures: integer({ min: 1 }),
    successes: integer({ min: 1 }),
    liveFailures: integer({ min: 1 }),
    liveWindow: integer({ min: 1, max: 1000 }),
  })
  const resolved = { ...defaultHealthOptions, ...withoutUndefined(options) }
  requireWithin('failures', resolved.failures, 'window', resolved.window)
  requireWithin('successes', resolved.successes, 'window', resolved.window)
  requireWithin('liveFailures', resolved.liveFailures, 'liveWindow', resolved.liveWindow)
  // With any other character no probe could ever be sent.
  if (!/^\/[\u0021-\u007e]*$/.test(resolved.path))
    throw new InvalidOptionsError({
      path: 'health.path',
      expected: 'a path that starts with `/`, with what is not ASCII, and spaces, percent-encoded',
      received: resolved.path,
    })
  return Object.freeze(resolved)
}

function requireWithin(name: string, value: number, windowName: string, window: number): void {
  if (value > window)
    throw new InvalidOptionsError({
      path: `health.${name}`,
      expected: `at most \`health.${windowName}\` (${window})`,
      received: value,
    })
}

function withoutUndefined(options: HealthOptions): HealthOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

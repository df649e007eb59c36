import { callback, checkOptions, InvalidOptionsError } from '@holdfast/core'
import type { BackupOptions, Handler, UrlOptions } from '../receiver/destination-options.ts'
import { defaultFailoverOptions, failoverChecks, type ResolvedFailover } from './failover.ts'
import { type Target, urlChecks, urlTarget } from './url-target.ts'

/** A backup's options, checked and complete. */
export interface ResolvedBackup {
  readonly target: Target
  readonly rules: ResolvedFailover
}

/**
 * Makes the target of a destination, or of its backup.
 *
 * @throws InvalidOptionsError when there is not exactly one of `handle` and `url`, or options of a URL without one.
 */
export function resolveTarget(path: string, options: UrlOptions & { readonly handle?: Handler }): Target {
  const { handle } = options
  if (handle === undefined && options.url === undefined)
    throw new InvalidOptionsError({
      path: `${path}.handle`,
      expected: 'a function, or `url` a URL',
      received: undefined,
    })
  if (handle === undefined) return urlTarget(path, options)
  for (const name of Object.keys(urlChecks) as (keyof UrlOptions)[]) {
    if (options[name] !== undefined)
      throw new InvalidOptionsError({
        path: `${path}.${name}`,
        expected: 'absent where there is a `handle`',
        received: undefined,
        receivedText: 'both',
      })
  }
  return { handle, isHopeless: () => false }
}

/**
 * Checks the options of a backup and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveBackup(path: string, options: BackupOptions): ResolvedBackup {
  checkOptions(path, options, { handle: callback, ...urlChecks, ...failoverChecks })
  const { failures, probeEveryMs, successes } = options
  const defaults = defaultFailoverOptions
  return Object.freeze({
    target: resolveTarget(path, options),
    rules: Object.freeze({
      failures: failures ?? defaults.failures,
      probeEveryMs: probeEveryMs ?? defaults.probeEveryMs,
      successes: successes ?? defaults.successes,
    }),
  })
}

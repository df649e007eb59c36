import type { Clock } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'

/** What a name resolves to: an address, or what goes wrong. */
export type LookupAnswer = { readonly address: string; readonly delayMs?: number } | 'not_found' | 'temporary'

/** Answers as `dns.lookup` of Node.js does. */
export type LookupFunction = (
  hostname: string,
  options: { readonly all?: boolean | undefined },
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void

/** One address of a host. */
export interface LookupAddress {
  address: string
  family: number
}

/**
 * Makes a `lookup` function for Node's clients and undici's `Agent` (`connect: { lookup }`) that answers from a table: sends
 * real host names to a flaky upstream, slowly if need be, and lets names fail as DNS does. What is not in the table is not found.
 */
export function flakyLookup(
  names: Readonly<Record<string, LookupAnswer>>,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): LookupFunction {
  return (hostname, options, callback) => {
    const answer = Object.hasOwn(names, hostname) ? names[hostname] : undefined
    const delayMs = typeof answer === 'object' ? (answer.delayMs ?? 0) : 0
    clock.schedule(delayMs, () => {
      if (typeof answer !== 'object') {
        callback(lookupError(answer ?? 'not_found', hostname), [])
        return
      }
      const { address } = answer
      const family = address.includes(':') ? 6 : 4
      if (options.all === true) callback(null, [{ address, family }])
      else callback(null, address, family)
    })
  }
}

function lookupError(fault: 'not_found' | 'temporary', hostname: string): Error {
  const code = fault === 'not_found' ? 'ENOTFOUND' : 'EAI_AGAIN'
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname })
}

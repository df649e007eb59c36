import github from '@holdfast/adapters/connectors/github'
import { createFetch } from '@holdfast/core'
import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import ky from 'ky'
import type { Contender } from './measure.ts'
import { versionOf } from './report.ts'

/** How each contender is set up: what a careful user of each would write. */
export const contenderNotes: readonly string[] = [
  'fetch: the global one, nothing added',
  'fetch + timeout: fetch with AbortSignal.timeout(10_000), the least that a call to somebody else needs',
  'createFetch: all policies on (deadline 30 s, attempt timeout 10 s, retry, rate limit, breaker, bulkhead, idempotency), GitHub connector',
  `ky ${versionOf('ky')}: its defaults, which are retry 2 and timeout 10 s`,
  `cockatiel ${versionOf('cockatiel')} + fetch: wrap(retry 2 with exponential backoff, breaker on 5 consecutive failures, cooperative timeout 10 s)`,
]

/** The contenders over any transport. The body is read when there is one. */
export function makeContenders(transport: typeof fetch, url: string): Contender[] {
  const holdfast = createFetch({
    fetch: transport,
    connector: github,
    connection: 'bench',
    deadlineMs: 30_000,
    attemptTimeoutMs: 10_000,
    // Retry, rate limit and breaker are on by default; these two are not.
    bulkhead: {},
    idempotency: {},
  })
  const kyInstance = ky.create({ fetch: transport })
  const policy = wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(10_000, TimeoutStrategy.Cooperative),
  )
  return [
    { name: 'fetch', call: async () => await (await transport(url)).text() },
    {
      name: 'fetch + timeout',
      call: async () => await (await transport(url, { signal: AbortSignal.timeout(10_000) })).text(),
    },
    { name: 'createFetch', call: async () => await (await holdfast(url)).text() },
    { name: 'ky', call: async () => await (await kyInstance(url)).text() },
    {
      name: 'cockatiel + fetch',
      // The body is read inside: cockatiel aborts the signal when the function is done.
      call: async () => await policy.execute(async ({ signal }) => await (await transport(url, { signal })).text()),
    },
  ]
}

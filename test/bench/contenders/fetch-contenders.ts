import github from '@holdfast/adapters/connectors/github'
import { createFetch } from '@holdfast/core'
import axios from 'axios'
import axiosRetry from 'axios-retry'
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
import Opossum from 'opossum'
import pRetry from 'p-retry'
import type { Contender } from '../measure.ts'
import { versionOf } from '../report.ts'

/** What every ratio is to. */
export const baseline = 'fetch'

/** The same as the baseline: how far its ratio is from 1 says how much of every other ratio is noise. */
export const control = 'fetch again (A/A)'

/** What whoever limits his calls in time pays to the transport alone. */
export const withTimeout = 'fetch + timeout'

/** Those that send with a `fetch` that they are given, each set up as a careful user would. The body is read as text. */
export function fetchContenders(transport: typeof fetch, url: string): Contender[] {
  const bare = async (): Promise<string> => await (await transport(url)).text()
  return [
    { name: baseline, note: 'the global one, nothing added', call: bare },
    { name: control, note: 'the same once more: its ratio shows the noise of this run', call: bare },
    {
      name: withTimeout,
      note: 'AbortSignal.timeout(10_000), the least that a call to somebody else needs',
      call: async () => await (await transport(url, { signal: AbortSignal.timeout(10_000) })).text(),
    },
    holdfast(transport, url),
    kyWithDefaults(transport, url),
    axiosOverFetch(transport, url),
    cockatiel(transport, url),
    stacked(transport, url),
  ]
}

function holdfast(transport: typeof fetch, url: string): Contender {
  const resilient = createFetch({
    fetch: transport,
    connector: github,
    connection: 'bench',
    deadlineMs: 30_000,
    attemptTimeoutMs: 10_000,
    // Retry, rate limit and breaker are on by default; these two are not.
    bulkhead: {},
    idempotency: {},
  })
  return {
    name: 'createFetch',
    note: 'all policies on (deadline 30 s, attempt timeout 10 s, retry, rate limit, breaker, bulkhead, idempotency), GitHub connector',
    call: async () => await (await resilient(url)).text(),
  }
}

function kyWithDefaults(transport: typeof fetch, url: string): Contender {
  const instance = ky.create({ fetch: transport })
  return {
    name: 'ky',
    note: `${versionOf('ky')}, its defaults: retry 2, timeout 10 s`,
    call: async () => await instance(url).text(),
  }
}

function axiosOverFetch(transport: typeof fetch, url: string): Contender {
  const instance = axios.create({
    adapter: 'fetch',
    env: { fetch: transport },
    timeout: 10_000,
    responseType: 'text',
  })
  axiosRetry(instance, { retries: 2, retryDelay: axiosRetry.exponentialDelay })
  return {
    name: 'axios (fetch) + axios-retry',
    note: `${versionOf('axios')} with its fetch adapter and timeout 10 s; ${versionOf('axios-retry')}, retry 2 with exponential backoff`,
    call: async () => (await instance.get<string>(url)).data,
  }
}

function cockatiel(transport: typeof fetch, url: string): Contender {
  const policy = wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(10_000, TimeoutStrategy.Cooperative),
  )
  return {
    name: 'cockatiel + fetch',
    note: `${versionOf('cockatiel')}: wrap(retry 2 with exponential backoff, breaker on 5 consecutive failures, cooperative timeout 10 s)`,
    // The body is read inside: cockatiel aborts the signal when the function is done.
    call: async () => await policy.execute(async ({ signal }) => await (await transport(url, { signal })).text()),
  }
}

function stacked(transport: typeof fetch, url: string): Contender {
  const instance = ky.create({ fetch: transport })
  const breaker = new Opossum(async (target: string) => await instance(target).text())
  return {
    name: 'ky + opossum + p-retry',
    note: `opossum ${versionOf('opossum')} around ky, p-retry ${versionOf('p-retry')} around both, each with its defaults: what one finds in articles`,
    call: async () => await pRetry(async () => await breaker.fire(url)),
  }
}

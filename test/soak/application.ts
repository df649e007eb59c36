import { createFetch, type Clock, type FetchOptions, type Random, type ResilientFetch } from '@holdfast/core'
import github from '@holdfast/adapters/connectors/github'
import type { SimulatedUpstream } from './simulated-upstream.ts'

/** More hosts than are kept, so that forgetting is part of the day. */
export const STRAY_HOSTS = 12_000
/** More groups of endpoints than are kept. */
const GROUPS = 300

/** One function of the application, and the URLs that it calls. */
interface Integration {
  readonly options: FetchOptions
  readonly urlOf: (random: Random) => string
  fetch: ResilientFetch
}

const pick = (random: Random, count: number): number => Math.floor(random.next() * count)

/** An application with a function per connection, each with policies of its own, that is never restarted. */
export class Application {
  /** Events heard so far. */
  events = 0
  readonly #integrations: Integration[]
  readonly #base: Pick<FetchOptions, 'fetch' | 'clock' | 'random'>
  readonly #random: Random

  constructor(upstream: SimulatedUpstream, clock: Clock, random: Random) {
    this.#random = random
    this.#base = { fetch: upstream.fetch, clock, random }
    const breaker = { minimumCalls: 4, slowCallMs: 5_000, breakMs: 10_000 }
    this.#integrations = [
      this.#integration({ connection: 'strays', breaker }, () => `https://h${pick(random, STRAY_HOSTS)}.example.com/`),
      this.#integration(
        { connection: 'groups', breaker: { ...breaker, groupOf: ({ url }) => new URL(url).pathname } },
        () => `https://groups.example.com/g${pick(random, GROUPS)}`,
      ),
      this.#integration({ connector: github, connection: 'github' }, () => 'https://api.github.com/repos/a/b/issues'),
      ...['acme', 'globex', 'initech'].map((connection) =>
        this.#integration(
          {
            connection,
            deadlineMs: 20_000,
            attemptTimeoutMs: 3_000,
            idempotency: {},
            bulkhead: { maxConcurrent: 4, maxQueue: 20 },
            auth: ({ rejectedToken }) => (rejectedToken === undefined ? 'token-0' : Promise.resolve(upstream.token)),
            refusals: 'response',
          },
          () => `https://${connection}.example.com/v1/${pick(random, 50)}`,
        ),
      ),
      ...['wait', 'fail'].map((onLimit) =>
        this.#integration(
          { connection: onLimit, rateLimit: { onLimit: onLimit as 'wait' | 'fail' }, retry: { maxAttempts: 4 } },
          () => `https://limited-${onLimit}.example.com/`,
        ),
      ),
    ]
  }

  /** Calls the upstream with this number, whatever the number. */
  call(index: number, signal: AbortSignal | undefined): Promise<Response> {
    const integration = this.#integrations[index % this.#integrations.length] as Integration
    const method = ['GET', 'GET', 'PUT', 'POST'][pick(this.#random, 4)] as string
    const init = { method, ...(method === 'GET' ? {} : { body: 'text' }), ...(signal === undefined ? {} : { signal }) }
    return integration.fetch(integration.urlOf(this.#random), init)
  }

  /** Calls one of the hosts by its number, so that all are known early and the day is not one long beginning. */
  meet(host: number): Promise<Response> {
    const [strays] = this.#integrations
    return (strays as Integration).fetch(`https://h${host}.example.com/`)
  }

  get functions(): readonly ResilientFetch[] {
    return this.#integrations.map(({ fetch }) => fetch)
  }

  /** Replaces one function by another one that begins where it stood, as a deploy does. */
  async replace(index: number): Promise<void> {
    const integration = this.#integrations[index % this.#integrations.length] as Integration
    const old = integration.fetch
    integration.fetch = this.#start({ ...integration.options, restore: old.snapshot() })
    await old[Symbol.asyncDispose]()
  }

  /** Whether the function with this number is the one that calls many hosts. */
  isStrays(index: number): boolean {
    return index % this.#integrations.length === 0
  }

  #integration(options: FetchOptions, urlOf: (random: Random) => string): Integration {
    return { options, urlOf, fetch: this.#start(options) }
  }

  #start(options: FetchOptions): ResilientFetch {
    const fetch = createFetch({ ...this.#base, ...options })
    for (const name of ['call:started', 'call:finished', 'circuit:opened', 'limit:paused'] as const)
      fetch.on(name, () => this.events++)
    // Listeners that come and go, as those of a dashboard do.
    fetch.on('call:finished', () => fetch.on('retry:scheduled', () => {})())
    return fetch
  }
}

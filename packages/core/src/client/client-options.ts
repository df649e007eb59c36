import { checkApiConnector } from '../connectors/check-connector.ts'
import type { Connector } from '../connectors/connector.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { createFetch, type ResilientFetch } from '../fetch/create-fetch.ts'
import { type FetchOptions, fetchOptionChecks } from '../fetch/fetch-options.ts'
import { type Check, checkOptions } from '../options/check.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import type { HeaderValues, SearchParams } from './ky-request.ts'

/**
 * Everything that `createClient` can be told: what `createFetch` can be told, and how requests begin.
 *
 * `fetch` may be a function that `createFetch` has made. It is then used as it is, stays yours to dispose, and the other
 * options of `createFetch` are refused, because it has its own; give `connector` to both.
 */
export interface ClientOptions<Provider extends Connector = Connector>
  extends Omit<FetchOptions, 'connector' | 'refusals'> {
  /** What is known of the provider: its errors, hosts, base URL and endpoints. */
  readonly connector?: Provider
  /**
   * What relative URLs are appended to, with one slash between: `/users` below `https://api.example.com/v2` is
   * `https://api.example.com/v2/users`. Default: `http.baseUrl` of the connector.
   */
  readonly baseUrl?: string | URL
  /** Headers of every request; those of a request win. They go wherever a request goes: keep tokens in `auth`. */
  readonly headers?: HeaderValues
}

/** One request. Everything else that `fetch` takes (`redirect`, `keepalive`, `dispatcher`, …) is passed on. */
export interface RequestOptions extends Omit<RequestInit, 'headers' | 'method' | 'signal'> {
  /** Default: `GET`. The methods that are named after one set it. */
  readonly method?: string
  /** Merged over the headers of the client; `undefined` removes one. */
  readonly headers?: HeaderValues
  /** Added to the query of the URL. A member that is `undefined` is removed from it. */
  readonly searchParams?: SearchParams
  /** Sent as JSON, with `content-type: application/json` unless another is set. Instead of `body`. */
  readonly json?: unknown
  /** Ends the request, its waits and the reading of its body. The call then throws `canceled`. */
  readonly signal?: AbortSignal | null
  /**
   * Whether a 207 is a success. By default it throws `partial_failure`, so that items that failed are not taken for done;
   * who looks at each item says so here. @defaultValue false
   */
  readonly allowPartial?: boolean
}

/** What a client is made of. */
export interface ResolvedClientOptions {
  readonly fetch: ResilientFetch
  /** Whether `fetch` was made for this client and ends with it. */
  readonly ownsFetch: boolean
  readonly connector: Connector | undefined
  readonly connection: string | undefined
  readonly baseUrl: string | undefined
  readonly headers: HeaderValues | undefined
  readonly clock: Clock
}

/** @throws InvalidOptionsError when an option is wrong or unknown. */
export function resolveClientOptions(options: ClientOptions = {}): ResolvedClientOptions {
  checkOptions('', options, checks)
  const { baseUrl, headers, ...fetchOptions } = options
  checkHeaders(headers)
  const { fetch, connector } = options
  const isReady = isResilientFetch(fetch)
  if (isReady) checkReadyFetch(fetchOptions)
  return Object.freeze({
    fetch: isReady ? fetch : createFetch(fetchOptions),
    ownsFetch: !isReady,
    connector,
    connection: options.connection,
    baseUrl: baseUrl === undefined ? connector?.http?.baseUrl : String(baseUrl),
    headers,
    clock: options.clock ?? systemClock,
  })
}

const webUrl: Check = (value) =>
  (typeof value === 'string' || value instanceof URL) && /^https?:$/.test(URL.parse(String(value))?.protocol ?? '')
    ? undefined
    : 'an http or https URL'

// A client throws what is refused.
const { refusals: _refusals, ...checksOfFetch } = fetchOptionChecks
const checks: Readonly<Record<keyof ClientOptions, Check>> = {
  ...checksOfFetch,
  baseUrl: webUrl,
  // Checked apart, because a value must not appear in a message.
  headers: () => undefined,
}

/** Header values are secrets more often than not, so that none is ever shown. */
function checkHeaders(headers: unknown): void {
  if (headers === undefined || (typeof headers === 'object' && headers !== null)) return
  throw new InvalidOptionsError({
    path: 'headers',
    expected: 'an object, a list of pairs or Headers',
    received: undefined,
    receivedText: `a value of type ${typeof headers}`,
  })
}

function isResilientFetch(fetch: unknown): fetch is ResilientFetch {
  return typeof fetch === 'function' && 'snapshot' in fetch && Symbol.asyncDispose in fetch
}

function checkReadyFetch({ fetch: _fetch, connector, ...others }: Omit<ClientOptions, 'baseUrl' | 'headers'>): void {
  const [key] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (key !== undefined)
    throw new InvalidOptionsError({
      path: key,
      expected: 'absent, because `fetch` was made by `createFetch` and has its own',
      received: undefined,
      receivedText: 'a value',
    })
  if (connector !== undefined) checkApiConnector(connector, 'connector')
}

import { pathOf } from '../rate-limit/path-pattern.ts'
import type { LimitBuckets, LimitPlace } from '../rate-limit/limit-buckets.ts'
import { tellsFailuresInBody } from './error-body.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'

const MAX_ROUTES = 256

/** What the connector says of a method and a path. */
export interface Route {
  /** The limits that bind it, the narrowest first; none where a host has the same for all. */
  readonly places: readonly LimitPlace[]
  /** The group of endpoints that it belongs to. */
  readonly group: string | undefined
  /** Whether what fails there is answered 200. */
  readonly tellsFailuresInBody: boolean
}

/** The route of every call, where the connector tells none from the other. */
export function commonRouteOf({ connector, endpointGroupOf }: ResolvedFetchOptions): Route | undefined {
  const tellsApart = connector?.rateLimits !== undefined || connector?.http?.failuresInBody !== undefined
  if (tellsApart || endpointGroupOf !== undefined) return undefined
  return { places: [], group: undefined, tellsFailuresInBody: false }
}

/**
 * The routes of one host, where they differ. They follow from the connector alone; the last 256 or so are kept, because matching
 * the patterns of a connector is a good part of what a call costs.
 */
export class Routes {
  readonly #host: string
  readonly #buckets: LimitBuckets | undefined
  readonly #options: ResolvedFetchOptions
  /** Absent as long as there is none but the newest. */
  #known: Map<string, Route> | undefined
  #newest: Route | undefined
  #newestUrl = ''
  #newestMethod = ''

  constructor(host: string, buckets: LimitBuckets | undefined, options: ResolvedFetchOptions) {
    this.#host = host
    this.#buckets = buckets
    this.#options = options
  }

  of(method: string, url: string): Route {
    if (url === this.#newestUrl && method === this.#newestMethod && this.#newest !== undefined) return this.#newest
    this.#newest = this.#find(method, url)
    this.#newestUrl = url
    this.#newestMethod = method
    return this.#newest
  }

  #find(method: string, url: string): Route {
    const path = pathOf(url)
    // A path begins with a slash and a method with none, so that a GET, which most calls are, needs no longer key.
    const key = method === 'GET' ? path : `${method} ${path}`
    const known = this.#known?.get(key)
    if (known !== undefined) return known
    const route = this.#create(method, url)
    if (this.#newest === undefined) return route
    this.#known ??= new Map()
    if (this.#known.size >= MAX_ROUTES) this.#known.clear()
    this.#known.set(key, route)
    return route
  }

  #create(method: string, url: string): Route {
    const { connector, endpointGroupOf } = this.#options
    return {
      places: this.#buckets?.placesOf(this.#host, method, url) ?? [],
      group: endpointGroupOf?.({ method, url }),
      tellsFailuresInBody: tellsFailuresInBody(connector, url),
    }
  }
}

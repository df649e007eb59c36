import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LruMap } from '../policy/lru-map.ts'
import type { LimitBuckets } from '../rate-limit/limit-buckets.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { HostScope, scopeSettingsOf } from './host-scope.ts'
import { Isolations } from './isolations.ts'
import { hostOf } from './request-facts.ts'
import type { SharedCircuits } from './shared-circuits.ts'

const MAX_HOSTS = 10_000

/** The scopes of the hosts that were called; the 10,000 or so that were used last. */
export class HostScopes {
  readonly #scopes: LruMap<HostScope>
  readonly #create: (host: string) => HostScope
  readonly #isolations = new Isolations()
  // How the URLs of the newest scope begin, so that the next one to the same host need not be taken apart.
  #newestOrigin = ''
  #newest: HostScope | undefined

  /** @param sharedCircuitsOf - The circuits that other processes know of a host; absent when nothing is shared. */
  constructor(
    options: ResolvedFetchOptions,
    buckets: LimitBuckets | undefined,
    events: Emitter<CoreEventMap>,
    sharedCircuitsOf?: (host: string) => SharedCircuits,
  ) {
    const { clock } = options
    const settings = scopeSettingsOf(options, buckets, events)
    this.#scopes = new LruMap(MAX_HOSTS, {
      isNeeded: (scope) => scope.isNeeded(clock.monotonicMs()),
      onEvicted: ({ circuits }) => circuits?.forget(),
    })
    this.#create = (host) => {
      const scope = new HostScope(host, settings, sharedCircuitsOf?.(host))
      if (this.#isolations.has(host)) scope.circuits?.isolate()
      return scope
    }
  }

  /** The scope of the host of a URL. */
  of(url: string): HostScope {
    if (this.#newest !== undefined && url.startsWith(this.#newestOrigin)) return this.#newest
    const start = url.startsWith('https://') ? 8 : url.startsWith('http://') ? 7 : 0
    const end = start === 0 ? -1 : url.indexOf('/', start)
    const host = end < 0 ? '' : url.slice(start, end)
    // A host that is known is written as a parser of URLs would write it; except that a port may be the default one here.
    const isPlain = host !== '' && !host.endsWith(':443') && !host.endsWith(':80')
    const scope = (isPlain ? this.#scopes.get(host) : undefined) ?? this.ofHost(hostOf(url))
    this.#newest = host !== '' && host === scope.host ? scope : undefined
    this.#newestOrigin = url.slice(0, end + 1)
    return scope
  }

  /** The scope of a host, written as `hostOf` does. */
  ofHost(host: string): HostScope {
    this.#newest = undefined
    // A host that was cut out of a URL would keep all of it in memory: a copy does not.
    return this.#scopes.get(host) ?? this.#scopes.getOrCreate(JSON.parse(JSON.stringify(host)) as string, this.#create)
  }

  values(): IterableIterator<HostScope> {
    return this.#scopes.values()
  }

  /** Isolates the circuits of one host or of all, or closes them. */
  setIsolated(host: string | undefined, isIsolated: boolean): void {
    this.#isolations.set(host, isIsolated)
    for (const { circuits } of host === undefined ? this.values() : [this.ofHost(host)])
      if (isIsolated) circuits?.isolate()
      else circuits?.close()
  }

  /** Forgets all of them. */
  clear(): void {
    this.#scopes.clear()
    this.#newest = undefined
  }
}

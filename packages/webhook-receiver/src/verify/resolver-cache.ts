import type { Clock } from '@holdfast/core'
import type { MaybePromise } from './maybe-promise.ts'

/** How a `ResolverCache` gets values and how long it keeps them. */
export interface ResolverCacheOptions<Value> {
  /** Gets the value of a key. `undefined`: there is none. */
  readonly load: (key: string) => MaybePromise<Value | undefined>
  readonly ttlMs: number
  readonly negativeTtlMs: number
  readonly maxEntries: number
  readonly clock: Clock
}

/** What is known of a key: a value, that it has none, or that it cannot be had now. */
export type Resolution<Value> =
  | { readonly state: 'found'; readonly value: Value; readonly loadedMs: number }
  | { readonly state: 'absent'; readonly loadedMs: number }
  | { readonly state: 'failed'; readonly loadedMs: number }

// A store that is down is asked once a second for each key, and not once for each request.
const FAILURE_TTL_MS = 1_000

/**
 * Keeps what a look-up found. Requests for the same key share one look-up; keys without a value have a room of their own, so
 * that a flood of made-up keys drives no real one out.
 */
export class ResolverCache<Value> {
  readonly #options: ResolverCacheOptions<Value>
  readonly #found = new Map<string, Resolution<Value>>()
  readonly #missing = new Map<string, Resolution<Value>>()
  readonly #loading = new Map<string, Promise<Resolution<Value>>>()

  constructor(options: ResolverCacheOptions<Value>) {
    this.#options = options
  }

  /** What is known of a key, from memory while it is fresh. Never throws. */
  get(key: string): MaybePromise<Resolution<Value>> {
    const found = this.#fresh(this.#found, key)
    if (found === undefined) return this.#fresh(this.#missing, key) ?? this.#load(key)
    touch(this.#found, key, found)
    return found
  }

  /** Looks a key up again when what was found is older than `negativeTtlMs`; else `undefined`. */
  renew(key: string): MaybePromise<Resolution<Value> | undefined> {
    const found = this.#found.get(key)
    const isOld = found !== undefined && this.#ageMs(found) >= this.#options.negativeTtlMs
    return isOld && this.#fresh(this.#missing, key) === undefined ? this.#load(key) : undefined
  }

  /** Forgets everything; what is being looked up is not kept either. */
  clear(): void {
    this.#found.clear()
    this.#missing.clear()
    this.#loading.clear()
  }

  #load(key: string): MaybePromise<Resolution<Value>> {
    const shared = this.#loading.get(key)
    if (shared !== undefined) return shared
    let value: MaybePromise<Value | undefined>
    try {
      value = this.#options.load(key)
    } catch {
      return this.#keep(key, this.#resolution('failed'))
    }
    if (!(value instanceof Promise)) return this.#keep(key, this.#resolutionOf(value))
    const loading: Promise<Resolution<Value>> = value
      .then(
        (found) => this.#resolutionOf(found),
        () => this.#resolution('failed'),
      )
      .then((resolution) => {
        // After `clear` somebody else may be looking the key up, and this answer is from before.
        if (this.#loading.get(key) !== loading) return resolution
        this.#loading.delete(key)
        return this.#keep(key, resolution)
      })
    this.#loading.set(key, loading)
    return loading
  }

  #keep(key: string, resolution: Resolution<Value>): Resolution<Value> {
    const [room, other] = resolution.state === 'found' ? [this.#found, this.#missing] : [this.#missing, this.#found]
    // A look-up that fails takes away nothing that is still fresh.
    if (resolution.state !== 'failed') other.delete(key)
    touch(room, key, resolution)
    if (room.size > this.#options.maxEntries) room.delete(room.keys().next().value as string)
    return resolution
  }

  #resolutionOf(value: Value | undefined): Resolution<Value> {
    const loadedMs = this.#options.clock.monotonicMs()
    return value === undefined ? { state: 'absent', loadedMs } : { state: 'found', value, loadedMs }
  }

  #resolution(state: 'failed'): Resolution<Value> {
    return { state, loadedMs: this.#options.clock.monotonicMs() }
  }

  #ageMs({ loadedMs }: Resolution<Value>): number {
    return this.#options.clock.monotonicMs() - loadedMs
  }

  #fresh(room: ReadonlyMap<string, Resolution<Value>>, key: string): Resolution<Value> | undefined {
    const known = room.get(key)
    return known !== undefined && this.#ageMs(known) < this.#ttlMs(known) ? known : undefined
  }

  #ttlMs({ state }: Resolution<Value>): number {
    const { ttlMs, negativeTtlMs } = this.#options
    return state === 'found' ? ttlMs : state === 'absent' ? negativeTtlMs : FAILURE_TTL_MS
  }
}

/** Puts an entry behind all others, so that the first is the one that was used longest ago. */
function touch<Value>(room: Map<string, Value>, key: string, value: Value): void {
  room.delete(key)
  room.set(key, value)
}

/** What an `LruMap` asks and tells about its entries when there are too many. */
export interface LruOptions<Value> {
  /** Whether it matters that this entry is kept now. As long as there are others, these go first. */
  readonly isNeeded?: (value: Value) => boolean
  /** Told about each entry that had to go. */
  readonly onEvicted?: (value: Value) => void
}

/**
 * A map that keeps the `capacity` most recently used entries. `get` of the newest entry costs one comparison, so that a
 * client that talks to one host pays nothing for the order.
 */
export class LruMap<Value extends NonNullable<unknown>> {
  readonly #entries = new Map<string, Value>()
  readonly #capacity: number
  readonly #options: LruOptions<Value>
  #newestKey: string | undefined
  #newest: Value | undefined

  constructor(capacity: number, options: LruOptions<Value> = {}) {
    this.#capacity = capacity
    this.#options = options
  }

  /** The entry of `key`, made with `create` when there is none. */
  getOrCreate(key: string, create: (key: string) => Value): Value {
    const known = this.get(key)
    if (known !== undefined) return known
    const value = create(key)
    this.#setNewest(key, value)
    if (this.#entries.size > this.#capacity) this.#evictOne()
    return value
  }

  /** The entry of `key`, which is now the one used last. */
  get(key: string): Value | undefined {
    if (key === this.#newestKey) return this.#newest
    const value = this.#entries.get(key)
    // A Map iterates in order of insertion: inserting anew makes the entry the newest.
    if (value !== undefined && this.#entries.delete(key)) this.#setNewest(key, value)
    return value
  }

  values(): IterableIterator<Value> {
    return this.#entries.values()
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear()
    this.#newestKey = undefined
    this.#newest = undefined
  }

  #setNewest(key: string, value: Value): void {
    this.#entries.set(key, value)
    this.#newestKey = key
    this.#newest = value
  }

  #evictOne(): void {
    const { isNeeded, onEvicted } = this.#options
    let victim: [string, Value] | undefined
    for (const entry of this.#entries) {
      victim ??= entry
      if (isNeeded?.(entry[1]) === true) continue
      // The newest came last, and only just now.
      if (entry[0] !== this.#newestKey) victim = entry
      break
    }
    if (victim === undefined) return
    this.#entries.delete(victim[0])
    onEvicted?.(victim[1])
  }
}

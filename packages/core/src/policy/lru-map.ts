/**
 * A map that keeps the `capacity` most recently used entries. `get` of the newest entry costs one comparison, so that a
 * client that talks to one host pays nothing for the order.
 */
export class LruMap<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #capacity: number
  #newestKey: string | undefined
  #newest: Value | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The entry of `key`, made with `create` when there is none. */
  getOrCreate(key: string, create: (key: string) => Value): Value {
    if (key === this.#newestKey) return this.#newest as Value
    const known = this.#entries.has(key)
    const value = known ? (this.#entries.get(key) as Value) : create(key)
    // A Map iterates in order of insertion: inserting anew makes the entry the newest.
    if (known) this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newestKey = key
    this.#newest = value
    if (this.#entries.size > this.#capacity) this.#evictOldest()
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

  #evictOldest(): void {
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}

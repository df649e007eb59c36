/**
 * A map that keeps the `capacity` most recently used entries. `get` of the newest entry costs one comparison, so that a
 * client that talks to one host pays nothing for the order.
 */
export class LruMap<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #capacity: number
  readonly #onEvict: (value: Value) => void
  #newestKey: string | undefined
  #newest: Value | undefined

  constructor(capacity: number, onEvict: (value: Value) => void) {
    this.#capacity = capacity
    this.#onEvict = onEvict
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

  /** Evicts everything. */
  clear(): void {
    const values = [...this.#entries.values()]
    this.#entries.clear()
    this.#newestKey = undefined
    this.#newest = undefined
    for (const value of values) this.#onEvict(value)
  }

  #evictOldest(): void {
    const oldest = this.#entries.entries().next()
    if (oldest.done) return
    const [key, value] = oldest.value
    this.#entries.delete(key)
    this.#onEvict(value)
  }
}

/** What an `LruMap` asks and tells about its entries when there are too many. */
export interface LruOptions<Value> {
  /** Whether it matters that this entry is kept now. As long as there are others, these go first. */
  readonly isNeeded?: (value: Value) => boolean
  /** Told about each entry that had to go. */
  readonly onEvicted?: (value: Value) => void
}

/**
 * A map that keeps at most `capacity` entries, roughly those that were used last (the CLOCK algorithm). Who uses an entry only
 * leaves a mark on it: to keep the exact order would cost more than all else that is done with most entries. When one has to
 * go, a hand goes round: it takes the marks off, and stops at the first entry that has had none since it came by last.
 */
export class LruMap<Value extends NonNullable<unknown>> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #circle: Entry<Value>[] = []
  readonly #capacity: number
  readonly #options: LruOptions<Value>
  #hand = 0

  constructor(capacity: number, options: LruOptions<Value> = {}) {
    this.#capacity = capacity
    this.#options = options
  }

  /** The entry of `key`, made with `create` when there is none. */
  getOrCreate(key: string, create: (key: string) => Value): Value {
    const known = this.get(key)
    if (known !== undefined) return known
    const value = create(key)
    // The new entry is not in the circle yet, so it cannot be the one that has to go.
    const place = this.#circle.length < this.#capacity ? this.#circle.length : this.#evictOne()
    const entry = { key, value, isMarked: false }
    this.#entries.set(key, entry)
    this.#circle[place] = entry
    return value
  }

  /** The entry of `key`, which is marked as used. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.isMarked = true
    return entry.value
  }

  /** In no particular order. */
  *values(): IterableIterator<Value> {
    for (const { value } of this.#circle) yield value
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear()
    this.#circle.length = 0
    this.#hand = 0
  }

  /** Returns the place that is free now; the hand goes on behind it. */
  #evictOne(): number {
    const place = this.#findVictim()
    const { key, value } = this.#circle[place] as Entry<Value>
    this.#hand = this.#after(place)
    this.#entries.delete(key)
    this.#options.onEvicted?.(value)
    return place
  }

  #findVictim(): number {
    const { isNeeded } = this.#options
    let neededPlace: number | undefined
    let place = this.#hand
    // In the second round no entry has a mark.
    for (let steps = 2 * this.#circle.length; steps > 0; steps--) {
      const entry = this.#circle[place] as Entry<Value>
      if (entry.isMarked) entry.isMarked = false
      else if (isNeeded?.(entry.value) === true) neededPlace ??= place
      else return place
      place = this.#after(place)
    }
    return neededPlace ?? place
  }

  #after(place: number): number {
    return place + 1 < this.#circle.length ? place + 1 : 0
  }
}

interface Entry<Value> {
  readonly key: string
  readonly value: Value
  isMarked: boolean
}

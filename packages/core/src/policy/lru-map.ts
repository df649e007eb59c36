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
  /** Where in the circle the entry of a key is. The arrays are one circle: numbers take less memory than objects. */
  readonly #places = new Map<string, number>()
  readonly #keys: string[] = []
  readonly #values: Value[] = []
  readonly #isMarked: boolean[] = []
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
    const place = this.#values.length < this.#capacity ? this.#values.length : this.#evictOne()
    this.#places.set(key, place)
    this.#keys[place] = key
    this.#values[place] = value
    this.#isMarked[place] = false
    return value
  }

  /** The entry of `key`, which is marked as used. */
  get(key: string): Value | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    this.#isMarked[place] = true
    return this.#values[place]
  }

  /** In no particular order. */
  values(): IterableIterator<Value> {
    return this.#values.values()
  }

  /** Forgets everything. */
  clear(): void {
    this.#places.clear()
    this.#keys.length = this.#values.length = this.#isMarked.length = 0
    this.#hand = 0
  }

  /** Returns the place that is free now; the hand goes on behind it. */
  #evictOne(): number {
    const place = this.#findVictim()
    this.#hand = this.#after(place)
    this.#places.delete(this.#keys[place] as string)
    this.#options.onEvicted?.(this.#values[place] as Value)
    return place
  }

  #findVictim(): number {
    const { isNeeded } = this.#options
    let neededPlace: number | undefined
    let place = this.#hand
    // In the second round no entry has a mark.
    for (let steps = 2 * this.#values.length; steps > 0; steps--) {
      if (this.#isMarked[place] === true) this.#isMarked[place] = false
      else if (isNeeded?.(this.#values[place] as Value) === true) neededPlace ??= place
      else return place
      place = this.#after(place)
    }
    return neededPlace ?? place
  }

  #after(place: number): number {
    return place + 1 < this.#values.length ? place + 1 : 0
  }
}

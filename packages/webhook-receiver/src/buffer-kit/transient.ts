/** Additions after which a table begins anew at the earliest: fewer are not worth it. */
const LEAST = 64
/** Entries up to which one is copied: more would hold up the event loop, and are there for long anyway. */
const MOST = 8_192

/**
 * A map for entries that come and go.
 *
 * V8's own map fills its table up with what was deleted, then makes another one, and links the old one to it. So one table that got into the old
 * generation keeps all that came after it, with every entry that they had, until everything is collected: each minor collection copies
 * what is long gone. Here a new `Map` takes over before long, to which nothing leads from the last one.
 */
export class TransientMap<Key, Value> {
  #map = new Map<Key, Value>()
  #additions = 0

  get size(): number {
    return this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key)
  }

  set(key: Key, value: Value): void {
    if (isDue(++this.#additions, this.#map.size)) {
      this.#map = new Map(this.#map)
      this.#additions = this.#map.size
    }
    this.#map.set(key, value)
  }

  delete(key: Key): boolean {
    return this.#map.delete(key)
  }

  /** In the order in which they were added. Nothing may be added meanwhile. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#map[Symbol.iterator]()
  }
}

/** A set for items that come and go; see `TransientMap`. */
export class TransientSet<Item> {
  #set = new Set<Item>()
  #additions = 0

  get size(): number {
    return this.#set.size
  }

  has(item: Item): boolean {
    return this.#set.has(item)
  }

  add(item: Item): void {
    if (isDue(++this.#additions, this.#set.size)) {
      this.#set = new Set(this.#set)
      this.#additions = this.#set.size
    }
    this.#set.add(item)
  }

  delete(item: Item): boolean {
    return this.#set.delete(item)
  }

  /** In the order in which they were added. Nothing may be added meanwhile. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#set[Symbol.iterator]()
  }
}

/** Whether most of what was added must be gone again. What stays is copied at most once for each addition. */
function isDue(additions: number, size: number): boolean {
  return additions > LEAST && additions > 2 * size && size <= MOST
}

// Below this many used-up places, moving the rest to the front is not worth it.
const COMPACT_FROM = 1024

/** A first-in, first-out queue with constant amortised cost per item at any length. */
export interface Fifo<Item> {
  readonly size: number
  push(item: Item): void
  peek(): Item | undefined
  shift(): Item | undefined
}

/** Makes an empty queue. */
export function createFifo<Item>(): Fifo<Item> {
  let items: (Item | undefined)[] = []
  let head = 0
  return {
    get size() {
      return items.length - head
    },
    push(item) {
      items.push(item)
    },
    peek: () => items[head],
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head] = undefined
      head += 1
      if (head === items.length) {
        items = []
        head = 0
      } else if (head >= COMPACT_FROM && head * 2 >= items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  }
}

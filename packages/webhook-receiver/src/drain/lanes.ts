import type { Delivery } from './delivery.ts'

/** Deliveries with the same key, one behind the other in the order of the log. */
export interface Lanes {
  /** Puts a delivery at the end of its lane. True: it is the head. */
  join(delivery: Delivery): boolean
  /** Takes the head out of its lane. Returns the new head. */
  leave(head: Delivery): Delivery | undefined
}

/** Makes lanes for the keys of one partition. A lane exists as long as something is in it. */
export function createLanes(): Lanes {
  const lastOf = new Map<string, Delivery>()
  return {
    join(delivery) {
      if (delivery.key === undefined) return true
      const last = lastOf.get(delivery.key)
      if (last !== undefined) last.behind = delivery
      lastOf.set(delivery.key, delivery)
      return last === undefined
    },
    leave(head) {
      if (head.key !== undefined && head.behind === undefined) lastOf.delete(head.key)
      return head.behind
    },
  }
}

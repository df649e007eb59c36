import { comparePlaces, type Place } from './place.ts'

const nobody: readonly never[] = Object.freeze([])

/** Those who wait for the same, in the order of their places: the more urgent before the less, and else who came first. */
export class WaitingLine<Waiter extends { readonly place: Place }> {
  // Most lines are empty all their lives.
  #waiters: Waiter[] | undefined

  get size(): number {
    return this.#waiters?.length ?? 0
  }

  get first(): Waiter | undefined {
    return this.#waiters?.[0]
  }

  /** How many are served before a call with this place. */
  ahead(place: Place): number {
    const waiters = this.values()
    let low = 0
    let high = waiters.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comparePlaces((waiters[middle] as Waiter).place, place) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  add(waiter: Waiter): void {
    this.#waiters ??= []
    this.#waiters.splice(this.ahead(waiter.place), 0, waiter)
  }

  /** Returns whether it was there. */
  remove(waiter: Waiter): boolean {
    for (let index = this.ahead(waiter.place) - 1; index >= 0; index--) {
      if (this.#waiters?.[index] !== waiter) continue
      this.#waiters.splice(index, 1)
      return true
    }
    return false
  }

  values(): readonly Waiter[] {
    return this.#waiters ?? nobody
  }
}

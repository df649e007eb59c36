import type { Random } from '@holdfast/core'
import { seededRandom } from '@holdfast/core/testing'

/** Chance in a random run: with the same seed it falls the same way. */
export interface Dice {
  /** The same chance, for what is tested. */
  readonly random: Random
  /** A whole number from 0, below `limit`. */
  below(limit: number): number
  /** True in this share of the throws. */
  chance(share: number): boolean
  one<Item>(items: readonly Item[]): Item
  /** One of the items, each as often as its weight says. */
  weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item
}

export function seededDice(seed: number): Dice {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const weighted: Dice['weighted'] = (items) => {
    let left = below(items.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, item] of items) {
      if (left < weight) return item
      left -= weight
    }
    throw new Error('There is nothing to choose from.')
  }
  return {
    random,
    below,
    chance: (share) => random.next() < share,
    one: (items) => weighted(items.map((item) => [1, item])),
    weighted,
  }
}

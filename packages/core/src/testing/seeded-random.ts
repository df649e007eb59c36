import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { number } from '../options/check.ts'
import type { Random } from '../random/random.ts'

/**
 * Randomness that repeats: the same seed gives the same numbers and keys on every machine (mulberry32). Of the seed its
 * lowest 32 bits count.
 *
 * @throws InvalidOptionsError when `seed` is no finite number.
 */
export function seededRandom(seed = 1): Random {
  const expected = number()(seed)
  if (expected !== undefined) throw new InvalidOptionsError({ path: 'seed', expected, received: seed })
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('')
  return {
    next,
    // The version and variant digits of RFC 9562.
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  }
}

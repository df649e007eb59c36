/** Random numbers that can be had again: the same seed gives the same sequence. */
export interface SeededRandom {
  /** A number from [0, 1). */
  next(): number
  /** An integer between both bounds, inclusive. */
  integer(min: number, max: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
}

/** A generator of its own for every list of seeds, so that one consumer does not shift the sequence of another. */
export function seededRandom(...seeds: readonly (number | string)[]): SeededRandom {
  let state = hash(seeds.join('/'))
  const next = (): number => {
    // A Weyl sequence through a 32-bit avalanche: every state is visited once.
    state = (state + 0x9e3779b9) | 0
    return avalanche(state) / 2 ** 32
  }
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return avalanche(value)
}

function avalanche(input: number): number {
  let value = input
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

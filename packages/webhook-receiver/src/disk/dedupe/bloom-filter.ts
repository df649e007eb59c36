import { type Fingerprint, wordOf, words } from './fingerprint.ts'

export const PROBES = 8

/** From this many ids on a run is large. */
const MANY_IDS = 1_000_000
/** Of a thousand unknown ids three are looked up in a small run in vain, 25 in a large one. There are many small runs, and nearly all ids are in the few large ones. */
const BITS_PER_ID = { few: 12, many: 8 } as const

/** Says for certain that an id is not in a run, and for most others that it may be. 10 MB for ten million ids. */
export class BloomFilter {
  readonly bytes: Buffer
  readonly #bits: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    // No probe goes further.
    this.#bits = Math.min(bytes.length * 8, 2 ** 32 - 1)
  }

  static forCount(count: number): BloomFilter {
    const bitsPerId = count < MANY_IDS ? BITS_PER_ID.few : BITS_PER_ID.many
    return new BloomFilter(Buffer.alloc(Math.max(8, Math.ceil((count * bitsPerId) / 8))))
  }

  add(word: number, step: number): void {
    let at = word
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = this.#bitAt(at)
      this.bytes[bit >>> 3] = (this.bytes[bit >>> 3] ?? 0) | (1 << (bit & 7))
      at += step | 1
    }
  }

  mayHave(fingerprint: Fingerprint): boolean {
    let at = wordOf(fingerprint, words.filter)
    const step = wordOf(fingerprint, words.filterStep) | 1
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = this.#bitAt(at)
      if (((this.bytes[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
      at += step
    }
    return true
  }

  /** Both are unsigned 32-bit numbers to the compiler: a remainder of doubles takes many times as long. */
  #bitAt(at: number): number {
    return (at >>> 0) % (this.#bits >>> 0)
  }
}

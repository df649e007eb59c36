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
    this.#bits = bytes.length * 8
  }

  static forCount(count: number): BloomFilter {
    const bitsPerId = count < MANY_IDS ? BITS_PER_ID.few : BITS_PER_ID.many
    return new BloomFilter(Buffer.alloc(Math.max(8, Math.ceil((count * bitsPerId) / 8))))
  }

  add(word: number, step: number): void {
    let at = word
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = at % this.#bits
      const byte = Math.floor(bit / 8)
      this.bytes[byte] = (this.bytes[byte] ?? 0) | (1 << (bit % 8))
      at = (at + (step | 1)) >>> 0
    }
  }

  mayHave(fingerprint: Fingerprint): boolean {
    let at = wordOf(fingerprint, words.filter)
    const step = wordOf(fingerprint, words.filterStep) | 1
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = at % this.#bits
      if (((this.bytes[Math.floor(bit / 8)] ?? 0) & (1 << (bit % 8))) === 0) return false
      at = (at + step) >>> 0
    }
    return true
  }
}

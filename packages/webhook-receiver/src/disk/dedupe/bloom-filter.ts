import { type Fingerprint, wordOf, words } from './fingerprint.ts'

/** Twelve bits for each id and eight probes: three of a thousand unknown ids are looked up in vain. */
const BITS_PER_ID = 12
export const PROBES = 8

/** Says for certain that an id is not in a run, and for most others that it may be. 15 MB for ten million ids. */
export class BloomFilter {
  readonly bytes: Buffer
  readonly #bits: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#bits = bytes.length * 8
  }

  static forCount(count: number): BloomFilter {
    return new BloomFilter(Buffer.alloc(Math.max(8, Math.ceil((count * BITS_PER_ID) / 8))))
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

import type { SeqRange } from '../seq.ts'
import { FINGERPRINT_BYTES, type Fingerprint, wordOf, words } from './fingerprint.ts'
import { ENTRY_BYTES, fingerprintAt, type StoredId, storedIdAt, writeEntry } from './id-entry.ts'

const FIRST_CAPACITY = 64

/**
 * Ids in memory, in the order in which their events were stored: the entries as they are on disk, and a hash table of their places. A `Map` of
 * strings takes three times as much, and the collector has to walk through it.
 */
export class IdTable {
  #entries: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY * ENTRY_BYTES)
  /** A power of two, twice the capacity: number of the entry + 1, or 0. */
  #slots: Int32Array = new Int32Array(2 * FIRST_CAPACITY)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The entries, one behind the other. A view. An id that was stored twice is there twice; the later one counts. */
  get entries(): Buffer {
    return this.#entries.subarray(0, this.#size * ENTRY_BYTES)
  }

  find(fingerprint: Fingerprint): StoredId | undefined {
    const entry = (this.#slots[this.#slotOf(fingerprint)] ?? 0) - 1
    return entry < 0 ? undefined : storedIdAt(this.#entries, entry * ENTRY_BYTES)
  }

  add(fingerprint: Fingerprint, stored: StoredId): void {
    if (2 * this.#size >= this.#slots.length) this.#grow()
    writeEntry(this.#entries, this.#size * ENTRY_BYTES, fingerprint, stored)
    this.#size++
    this.#slots[this.#slotOf(fingerprint)] = this.#size
  }

  /** A table of the ids of some records. */
  between({ from, to }: SeqRange): IdTable {
    const isWhole = this.#size > 0 && this.#seqOf(0) >= from && this.#seqOf(this.#size - 1) <= to
    if (isWhole) return this
    const table = new IdTable()
    for (let offset = 0; offset < this.#size * ENTRY_BYTES; offset += ENTRY_BYTES) {
      const stored = storedIdAt(this.#entries, offset)
      if (stored.seq >= from && stored.seq <= to) table.add(fingerprintAt(this.#entries, offset), stored)
    }
    return table
  }

  /** Forgets everything from this sequence number on, which is at the end. */
  dropFrom(seq: number): void {
    const before = this.#size
    while (this.#size > 0 && this.#seqOf(this.#size - 1) >= seq) this.#size--
    if (this.#size < before) this.#fillSlots()
  }

  #seqOf(entry: number): number {
    return storedIdAt(this.#entries, entry * ENTRY_BYTES).seq
  }

  /** The slot of a fingerprint, or the free one where it would go. */
  #slotOf(fingerprint: Fingerprint): number {
    const mask = this.#slots.length - 1
    const first = wordOf(fingerprint, 0)
    let slot = wordOf(fingerprint, words.slot) & mask
    for (;;) {
      const offset = ((this.#slots[slot] ?? 0) - 1) * ENTRY_BYTES
      if (offset < 0) return slot
      // Nearly all others differ in the first word already.
      if (this.#entries.readUInt32BE(offset) === first && fingerprintAt(this.#entries, offset) === fingerprint)
        return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(2 * this.#entries.length)
    this.#entries.copy(grown)
    this.#entries = grown
    this.#slots = new Int32Array(2 * this.#slots.length)
    this.#fillSlots()
  }

  /** Like `#slotOf` for each entry, without making a string of it: this happens in one go. */
  #fillSlots(): void {
    const mask = this.#slots.length - 1
    this.#slots.fill(0)
    for (let entry = 0; entry < this.#size; entry++) {
      const offset = entry * ENTRY_BYTES
      let slot = this.#entries.readUInt32BE(offset + words.slot) & mask
      for (;;) {
        const other = ((this.#slots[slot] ?? 0) - 1) * ENTRY_BYTES
        if (other < 0 || this.#isSame(offset, other)) break
        slot = (slot + 1) & mask
      }
      this.#slots[slot] = entry + 1
    }
  }

  #isSame(offset: number, other: number): boolean {
    const entries = this.#entries
    if (entries.readUInt32BE(offset) !== entries.readUInt32BE(other)) return false
    return entries.compare(entries, other, other + FINGERPRINT_BYTES, offset, offset + FINGERPRINT_BYTES) === 0
  }
}

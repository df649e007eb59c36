import { FINGERPRINT_BYTES } from './fingerprint.ts'
import { ENTRY_BYTES, storedIdAt } from './id-entry.ts'

const INDEX_BITS = 14
const MAX_INDEXED = 2 ** INDEX_BITS
/** As many as fit into an exact number beside the index. */
const KEY_BITS = 53 - INDEX_BITS

/**
 * The offsets of entries in the order of their fingerprints, each fingerprint once: with its latest event. The first `partBits` bits are the
 * same in all of them.
 */
export function sortedOffsets(entries: Buffer, partBits: number): number[] {
  const offsets = entries.length / ENTRY_BYTES <= MAX_INDEXED ? byKeys(entries, partBits) : byComparison(entries)
  const kept: number[] = []
  for (const offset of offsets) {
    const last = kept.at(-1)
    if (last === undefined || compareAt(entries, last, offset) !== 0) kept.push(offset)
    else if (storedIdAt(entries, offset).seq > storedIdAt(entries, last).seq) kept[kept.length - 1] = offset
  }
  return kept
}

/** Sorts numbers made of the next bits and the place: a sort of numbers is ten times as fast as one that calls back. */
function byKeys(entries: Buffer, partBits: number): number[] {
  const count = entries.length / ENTRY_BYTES
  const keys = new Float64Array(count)
  const range = 2 ** (48 - partBits)
  const unit = 2 ** Math.max(0, 48 - partBits - KEY_BITS)
  for (let index = 0; index < count; index++) {
    const bits = entries.readUIntBE(index * ENTRY_BYTES, 6) % range
    keys[index] = Math.floor(bits / unit) * MAX_INDEXED + index
  }
  keys.sort()
  const offsets: number[] = []
  for (const key of keys) {
    const offset = (key % MAX_INDEXED) * ENTRY_BYTES
    // Bits that did not fit decide between neighbours.
    let at = offsets.length
    for (; at > 0 && compareAt(entries, offsets[at - 1] ?? 0, offset) > 0; at--) offsets[at] = offsets[at - 1] ?? 0
    offsets[at] = offset
  }
  return offsets
}

function byComparison(entries: Buffer): number[] {
  const offsets = Array.from({ length: entries.length / ENTRY_BYTES }, (_, index) => index * ENTRY_BYTES)
  return offsets.sort((left, right) => compareAt(entries, left, right))
}

function compareAt(entries: Buffer, left: number, right: number): number {
  // Nearly all differ in the first word already, and a call out of JavaScript takes longer.
  const difference = entries.readUInt32BE(left) - entries.readUInt32BE(right)
  return difference === 0
    ? entries.compare(entries, right, right + FINGERPRINT_BYTES, left, left + FINGERPRINT_BYTES)
    : difference
}

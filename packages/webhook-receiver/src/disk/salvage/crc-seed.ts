import { crc32 } from 'node:zlib'

/** The table of CRC-32/IEEE, and for each topmost byte the one entry that has it. */
const TABLE: readonly number[] = Array.from({ length: 256 }, (_, index) => tableEntry(index))
const INDEX_OF_TOP: readonly number[] = TABLE.reduce<number[]>((indexes, entry, index) => {
  indexes[entry >>> 24] = index
  return indexes
}, [])

/**
 * The start value with which the checksum of `bytes` is `checksum`. For given bytes every start value leads to another checksum, so it can be
 * calculated backwards.
 */
export function seedOf(bytes: Uint8Array, checksum: number): number {
  let register = ~checksum >>> 0
  for (const byte of bytes.toReversed()) {
    const index = INDEX_OF_TOP[register >>> 24] ?? 0
    register = (((register ^ (TABLE[index] ?? 0)) << 8) | (index ^ byte)) >>> 0
  }
  return ~register >>> 0
}

function tableEntry(index: number): number {
  // The checksum of one byte from the start value 0xffffffff, which is a register of 0, is its entry, inverted.
  return ~crc32(Buffer.of(index), 0xffff_ffff) >>> 0
}

import { crc32 } from 'node:zlib'

/** Another body with the same CRC-32: four bytes at the end make up for whatever is before them. */
export function withSameChecksum(body: Uint8Array): Uint8Array {
  const other = Buffer.from(`${Buffer.from(body).toString('latin1')} and more`, 'latin1')
  // Backwards from the wanted state, one byte at a time: the highest byte of a state says which entry was taken.
  let state = ~crc32(body) >>> 0
  for (let byte = 0; byte < 4; byte++) {
    const index = table.findIndex((entry) => entry >>> 24 === state >>> 24)
    state = (((state ^ (table[index] ?? 0)) << 8) | index) >>> 0
  }
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE((state ^ ~crc32(other)) >>> 0)
  return Buffer.concat([other, tail])
}

const table: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  return value >>> 0
})

/** The CRC-32 of gzip and PNG (ISO 3309), as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let checksum = 0xffffffff
  for (let index = 0; index < bytes.length; index++) {
    checksum = (checksum >>> 8) ^ (table[(checksum ^ (bytes[index] ?? 0)) & 0xff] ?? 0)
  }
  return (checksum ^ 0xffffffff) >>> 0
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  return value
})

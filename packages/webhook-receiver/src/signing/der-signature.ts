import { derTags, writeDer } from '../verify/keys/der.ts'

/** Turns an ECDSA signature from `r || s` (IEEE P1363) into DER (RFC 3279 section 2.2.3). */
export function derFromRaw(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  return writeDer(derTags.sequence, writeUnsigned(raw.subarray(0, half)), writeUnsigned(raw.subarray(half)))
}

/** A positive integer, in as few bytes as it has. */
export function writeUnsigned(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start === -1 ? bytes.subarray(-1) : bytes.subarray(start)
  // The first bit is a sign.
  const isNegative = (digits[0] ?? 0) >= 0x80
  return isNegative ? writeDer(derTags.integer, Uint8Array.of(0), digits) : writeDer(derTags.integer, digits)
}

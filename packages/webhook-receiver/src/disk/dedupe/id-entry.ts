import { FINGERPRINT_BYTES, type Fingerprint } from './fingerprint.ts'

/** A remembered id: fingerprint, `seq` (6 bytes), time of the append (6 bytes, ms since the epoch), big endian as the fingerprint is. */
export const ENTRY_BYTES: number = FINGERPRINT_BYTES + 12

const SEQ_AT = FINGERPRINT_BYTES
const TIME_AT = FINGERPRINT_BYTES + 6

/** Where and when the event with an id was stored. */
export interface StoredId {
  readonly seq: number
  /** ms since the epoch. */
  readonly at: number
}

export function writeEntry(target: Buffer, offset: number, fingerprint: Fingerprint, { seq, at }: StoredId): void {
  // One by one: a call out of JavaScript takes longer.
  for (let index = 0; index < FINGERPRINT_BYTES; index++) target[offset + index] = fingerprint.charCodeAt(index)
  target.writeUIntBE(seq, offset + SEQ_AT, 6)
  target.writeUIntBE(Math.max(0, at), offset + TIME_AT, 6)
}

/** Copies an entry to a place in another buffer. */
export function copyEntry(source: Buffer, offset: number, target: Buffer, at: number): void {
  for (let index = 0; index < ENTRY_BYTES; index++) target[at + index] = source[offset + index] ?? 0
}

export function fingerprintAt(source: Buffer, offset: number): Fingerprint {
  return source.toString('latin1', offset, offset + FINGERPRINT_BYTES)
}

export function storedIdAt(source: Buffer, offset: number): StoredId {
  return { seq: source.readUIntBE(offset + SEQ_AT, 6), at: source.readUIntBE(offset + TIME_AT, 6) }
}

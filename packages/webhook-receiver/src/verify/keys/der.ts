/** Tags of the values that keys and signatures are made of (X.690 section 8). */
export const derTags: Readonly<
  Record<'integer' | 'bitString' | 'octetString' | 'nothing' | 'objectIdentifier' | 'sequence', number>
> = Object.freeze({
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
})

/** A value of DER, and what follows it. */
export interface DerValue {
  readonly content: Uint8Array
  readonly rest: Uint8Array
}

/**
 * Reads the value at the start of `bytes`, which must have this tag. `undefined` when it has another one, is cut off, or its
 * length is not written in the one way that DER allows.
 */
export function readDer(bytes: Uint8Array, tag: number): DerValue | undefined {
  const [found, first] = bytes
  if (found !== tag || first === undefined) return undefined
  let start = 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    // Indefinite lengths are BER; nothing that we read is longer than 64 KiB.
    if (count === 0 || count > 2 || bytes.length < 2 + count) return undefined
    length = 0
    for (let index = 0; index < count; index++) length = (length << 8) | (bytes[2 + index] ?? 0)
    if (length < (count === 1 ? 0x80 : 0x100)) return undefined
    start += count
  }
  if (bytes.length < start + length) return undefined
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) }
}

/** Reads a value after which nothing may follow. */
export function readWholeDer(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  const value = readDer(bytes, tag)
  return value?.rest.length === 0 ? value.content : undefined
}

/** Reads a positive integer, most significant byte first, without the zero byte that only says that it is positive. */
export function readDerUnsigned(
  bytes: Uint8Array,
): { readonly value: Uint8Array; readonly rest: Uint8Array } | undefined {
  const integer = readDer(bytes, derTags.integer)
  if (integer === undefined) return undefined
  const { content, rest } = integer
  const [first, second] = content
  if (first === undefined || first >= 0x80) return undefined
  if (first !== 0) return { value: content, rest }
  // A zero byte is there to keep the next bit from being a sign, or is padding, which DER forbids; zero itself is no key
  // and no signature.
  return second !== undefined && second >= 0x80 ? { value: content.subarray(1), rest } : undefined
}

/** A value of DER from its content. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  const bytes = new Uint8Array(header.length + length)
  bytes.set(header)
  let offset = header.length
  for (const content of contents) {
    bytes.set(content, offset)
    offset += content.length
  }
  return bytes
}

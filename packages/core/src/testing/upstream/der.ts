import { joinBytes } from './join-bytes.ts'

// The few shapes of ASN.1 that a certificate is made of, in DER (ITU-T X.690).

type Bytes = Uint8Array<ArrayBuffer>

/** A tag, the length of its content, and the content. */
export function der(tag: number, ...contents: readonly Bytes[]): Bytes {
  const content = joinBytes(...contents)
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return joinBytes(Uint8Array.of(tag, ...length), content)
}

export function sequence(...items: readonly Bytes[]): Bytes {
  return der(0x30, ...items)
}

export function set(...items: readonly Bytes[]): Bytes {
  return der(0x31, ...items)
}

/** A positive integer, most significant byte first. */
export function integer(bytes: Bytes): Bytes {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start)
  // A leading bit would be a sign.
  return der(0x02, Uint8Array.from((digits[0] ?? 0) & 0x80 ? [0] : []), digits)
}

/** `1.2.840.10045.4.3.2` */
export function objectIdentifier(name: string): Bytes {
  const [first = 0, second = 0, ...rest] = name.split('.').map(Number)
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]))
}

export function utf8String(text: string): Bytes {
  return der(0x0c, new TextEncoder().encode(text))
}

/** A moment: two digits for the year until 2049, then four (RFC 5280 section 4.1.2.5). */
export function time(year: number): Bytes {
  const text = `${year < 2050 ? String(year).slice(2) : year}0101000000Z`
  return der(year < 2050 ? 0x17 : 0x18, new TextEncoder().encode(text))
}

export function bitString(bytes: Bytes): Bytes {
  return der(0x03, Uint8Array.of(0), bytes)
}

export function octetString(bytes: Bytes): Bytes {
  return der(0x04, bytes)
}

export function boolean(value: boolean): Bytes {
  return der(0x01, Uint8Array.of(value ? 0xff : 0))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

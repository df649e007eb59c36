const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const SLICE = 8_192

/** The UTF-8 bytes of `text`. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * A header value or a literal as a byte string. A value of units up to 255 is one already: that is how Node and the Fetch
 * standard hand over header bytes. Anything above can only be text that somebody decoded, and is taken as UTF-8.
 */
export function byteString(text: string): string {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0xff) return utf8ByteString(text)
  }
  return text
}

/** The UTF-8 bytes of `text` as a byte string. */
export function utf8ByteString(text: string): string {
  if (isAscii(text)) return text
  let bytes = ''
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** The text that a byte string holds as UTF-8; malformed bytes become U+FFFD. */
export function byteStringText(bytes: string): string {
  return isAscii(bytes) ? bytes : decoder.decode(Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)))
}

/** The bytes as a byte string. */
export function latin1String(bytes: Uint8Array): string {
  let text = ''
  // In slices, for a function takes only so many arguments.
  for (let start = 0; start < bytes.length; start += SLICE) {
    text += String.fromCharCode(...bytes.subarray(start, start + SLICE))
  }
  return text
}

/** Lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexPairs[byte]
  return text
}

/** Decodes hexadecimal of either case. `undefined` when it is anything else. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    const value =
      ((hexValues[text.charCodeAt(2 * index)] ?? -1) << 4) | (hexValues[text.charCodeAt(2 * index + 1)] ?? -1)
    if (value < 0) return undefined
    bytes[index] = value
  }
  return bytes
}

/** Decodes base64 (RFC 4648 section 4) with or without padding. `undefined` when it is anything else, stray bits included. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return decodeSextets(text, base64Values)
}

/** The same for the URL-safe alphabet (RFC 4648 section 5). */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  return decodeSextets(text, base64UrlValues)
}

/** Encodes as base64 (RFC 4648 section 4), with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(latin1String(bytes))
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return false
  }
  return true
}

function decodeSextets(text: string, values: Int8Array): Uint8Array | undefined {
  let length = text.length
  if (length % 4 === 0 && text.endsWith('=')) length -= text.endsWith('==') ? 2 : 1
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array((length * 6) >> 3)
  let bits = 0
  let bitCount = 0
  let written = 0
  for (let index = 0; index < length; index++) {
    const value = values[text.charCodeAt(index)] ?? -1
    if (value < 0) return undefined
    bits = (bits << 6) | value
    bitCount += 6
    if (bitCount >= 8) {
      bitCount -= 8
      bytes[written++] = bits >> bitCount
      bits &= (1 << bitCount) - 1
    }
  }
  return bits === 0 ? bytes : undefined
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const hexValues = valueTable('0123456789abcdef', '0123456789ABCDEF')
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const base64Values = valueTable(`${letters}+/`)
const base64UrlValues = valueTable(`${letters}-_`)

/** Value of each ASCII character in one of the alphabets, -1 for the others. */
function valueTable(...alphabets: readonly string[]): Int8Array {
  const table = new Int8Array(128).fill(-1)
  for (const alphabet of alphabets) {
    for (let index = 0; index < alphabet.length; index++) table[alphabet.charCodeAt(index)] = index
  }
  return table
}

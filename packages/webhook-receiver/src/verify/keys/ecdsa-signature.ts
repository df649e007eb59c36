import { derTags, readDerUnsigned, readWholeDer } from './der.ts'

/**
 * Turns an ECDSA signature from DER (RFC 3279 section 2.2.3), as OpenSSL and most providers write it, into `r || s` (IEEE
 * P1363), as WebCrypto and JOSE write it. `undefined` when it is not DER, or a number is zero or longer than `numberBytes`.
 */
export function rawFromDer(der: Uint8Array, numberBytes: number): Uint8Array | undefined {
  const sequence = readWholeDer(der, derTags.sequence)
  const r = sequence && readDerUnsigned(sequence)
  const s = r && readDerUnsigned(r.rest)
  if (s === undefined || s.rest.length > 0) return undefined
  if (r === undefined || r.value.length > numberBytes || s.value.length > numberBytes) return undefined
  const raw = new Uint8Array(2 * numberBytes)
  raw.set(r.value, numberBytes - r.value.length)
  raw.set(s.value, 2 * numberBytes - s.value.length)
  return raw
}

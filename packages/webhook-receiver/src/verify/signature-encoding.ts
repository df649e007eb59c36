import type { SignatureEncoding } from '@holdfast/core'
import { decodeBase64, decodeBase64Url, decodeHex } from './encoding.ts'

/** Decodes a text; `undefined` when it is not written so. */
export type Decoder = (text: string) => Uint8Array | undefined

/** The decoder of each encoding. */
export const decoders: Readonly<Record<SignatureEncoding, Decoder>> = {
  hex: decodeHex,
  base64: decodeBase64,
  base64url: decodeBase64Url,
}

/** Decodes all texts that are written so, and have the length where there is one. */
export function decodeSignatures(texts: readonly string[], decode: Decoder, length?: number): readonly Uint8Array[] {
  const signatures: Uint8Array[] = []
  for (const text of texts) {
    const bytes = decode(text)
    if (bytes !== undefined && bytes.length > 0 && (length === undefined || bytes.length === length))
      signatures.push(bytes)
  }
  return signatures
}

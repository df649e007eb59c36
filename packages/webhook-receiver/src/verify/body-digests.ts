import type { MessagePart } from '@holdfast/core'
import { crc32 } from './crc32.ts'
import { encodeBase64, encodeHex } from './encoding.ts'
import type { HashProvider } from './hash-provider.ts'
import { allOf, chain, type MaybePromise } from './maybe-promise.ts'

/** A hash of the body as it stands in a message. */
export type BodyDigest = Pick<Extract<MessagePart, { part: 'bodyHash' }>, 'hash' | 'encoding'>

/** Computes the hashes of a body that a message holds, written as it holds them. */
export type BodyDigests = (body: Uint8Array) => MaybePromise<readonly string[]>

/** Prepares hashes of the body. */
export function compileBodyDigests(digests: readonly BodyDigest[], hashes: HashProvider): BodyDigests {
  return (body) =>
    allOf(
      digests.map(({ hash, encoding }) =>
        hash === 'crc32'
          ? writeChecksum(crc32(body), encoding)
          : chain(hashes.digest(hash, [body]), (digest) => writeDigest(digest, encoding)),
      ),
    )
}

function writeDigest(digest: Uint8Array, encoding: BodyDigest['encoding']): string {
  switch (encoding) {
    case 'hex':
      return encodeHex(digest)
    case 'base64':
      return encodeBase64(digest)
    case 'decimal':
      return BigInt(`0x${encodeHex(digest)}`).toString()
  }
}

function writeChecksum(checksum: number, encoding: BodyDigest['encoding']): string {
  if (encoding === 'decimal') return String(checksum)
  const bytes = Uint8Array.of(checksum >>> 24, checksum >>> 16, checksum >>> 8, checksum)
  return writeDigest(bytes, encoding)
}

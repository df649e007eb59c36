import { hash } from 'node:crypto'

/**
 * What stands for an event's id: a SHA-256 as a string of 32 characters, one for each byte. All 32 bytes are kept and compared, so that
 * "known" is certain without the event itself, which may have been deleted long ago: a second id with the same fingerprint would
 * be a collision of SHA-256, of which none has ever been found.
 *
 * The hash is keyed with a random key of the store. Whoever chooses ids cannot choose where they end up in tables and filters.
 */
export type Fingerprint = string

export const FINGERPRINT_BYTES = 32

/** Makes the fingerprint of an `eventIdentity`. */
export function fingerprintOf(key: string, identity: string): Fingerprint {
  return hash('sha256', key + identity, 'binary')
}

/** Four bytes of a fingerprint as a number. */
export function wordOf(fingerprint: Fingerprint, at: number): number {
  return (
    ((fingerprint.charCodeAt(at) << 24) |
      (fingerprint.charCodeAt(at + 1) << 16) |
      (fingerprint.charCodeAt(at + 2) << 8) |
      fingerprint.charCodeAt(at + 3)) >>>
    0
  )
}

/** Which bytes of a fingerprint decide what: each use has its own, so that none depends on another. */
export const words = { bucket: 0, slot: 8, filter: 12, filterStep: 16 } as const

import type { PublicKey } from './public-key.ts'

/** A key out of a document. */
export interface DocumentKey extends PublicKey {
  readonly id?: string
  /** The JOSE algorithm that it is for, where it says so. */
  readonly algorithm?: string
  /** When it is valid, in milliseconds since the epoch. */
  readonly notBefore?: number
  readonly notAfter?: number
}

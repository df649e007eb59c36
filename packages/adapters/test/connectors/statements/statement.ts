import { createHash, createHmac } from 'node:crypto'

/** What is to be delivered. */
export interface Draft {
  readonly secret: string
  readonly body: Buffer
  /** Of signing, in milliseconds since the epoch; a whole second. */
  readonly atMs: number
  readonly id: string
  readonly url: string
}

/** A delivery as the provider's documentation says it is signed. */
export interface Delivery {
  /** The signature as it stands in the delivery. */
  readonly signature: string
  /** Every header that carries a part of it, each of which it needs. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, where the provider writes it anew to sign it. */
  readonly body?: Buffer
  readonly url?: string
  /** Values of the JSON body that are signed, or say which key signs; each stands there once. */
  readonly bound?: readonly string[]
  /** The headers with another signature, where it does not stand in them as it is. */
  readonly write?: (signature: string) => Readonly<Record<string, string>>
}

/** Keys that a provider publishes: documents by the ids of the keys, or by where they are. */
export interface Published {
  readonly documents: Readonly<Record<string, string>>
  /** Each key under the name of the other. */
  readonly exchanged: Readonly<Record<string, string>>
}

/**
 * How a provider signs, stated once more from its documentation with nothing but Node's own functions: nothing here shares a
 * line with the verifier or with the signer of `/testing`.
 */
export interface Statement {
  readonly connector: string
  /** Which of the provider's schemes, where it has several. */
  readonly variant?: string
  /** Two secrets as an application gives them. */
  readonly secrets: readonly [string, string]
  readonly encoding: 'hex' | 'base64' | 'base64url' | 'none'
  readonly sign: (draft: Draft) => Delivery
  /** What is to be fetched to verify it. */
  readonly published?: Published
  /** The application gives no secret: they are the names of published keys. */
  readonly namesKeys?: true
  /**
   * Bodies that it signs: any bytes, JSON in which a text is put as it is, escaped, or as a value that is JSON itself, or a
   * form. Default: any bytes.
   */
  readonly bodies?: 'bytes' | 'json' | 'text' | 'value' | 'form'
  /** Whether every byte of the body is signed. Default: true. */
  readonly signsBody?: false
  readonly signsUrl?: true
  /** Another spelling of the URL that the provider may have signed. */
  readonly respell?: (url: string) => string
  /** The time of signing is signed. */
  readonly time?: {
    /** What the provider documents, in milliseconds; `undefined`: nothing. */
    readonly toleranceMs?: number
    /** By how much clocks may differ beside, where nothing else is said of the future; in milliseconds. */
    readonly leewayMs?: number
  }
  /** How the header looks when the provider signs with two keys while they are exchanged. */
  readonly join?: (one: string, other: string) => string
  /** Header lines of the signature may come one by one. */
  readonly lines?: true
  /** The header is a list of the time and signatures, in which everything behind the time is a signature. */
  readonly isList?: true
}

export const SECRETS: readonly [string, string] = ['a secret, & its half', 'the next secret']

export function hmac(hash: string, key: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac(hash, key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

export function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Seconds since the epoch as text. */
export function secondsOf({ atMs }: Draft): string {
  return String(atMs / 1000)
}

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'
import type { RecordInput } from '../record-input.ts'
import { type BodyKey, KEY_CHECK_BYTES } from './key-ring.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const INFO = 'holdfast record body 1'
// Length of the key's id, check of the key, nonce; the id follows.
const FIXED_BYTES = 1 + KEY_CHECK_BYTES + NONCE_BYTES

/** What a body must not be separated from: it decrypts only in its place. */
export interface BodyPlace {
  readonly seq: number
  readonly type: number
  readonly flags: number
  readonly metaBytes: number
}

/** What an encrypted body says of itself. */
export interface CipherHead {
  readonly keyId: string
  readonly check: Buffer
  /** Where the ciphertext begins. */
  readonly at: number
}

/**
 * AES-256-GCM (NIST SP 800-38D) with a key of its own for each segment: HKDF-SHA256 (RFC 5869) of the user's key, with the segment's salt. Nonces are
 * random: a sequence number may be given twice, to a batch that failed and to the next one.
 */
export class BodyCipher {
  readonly #key: BodyKey
  readonly #segmentKey: KeyObject

  constructor(key: BodyKey, salt: Uint8Array) {
    this.#key = key
    this.#segmentKey = createSecretKey(Buffer.from(hkdfSync('sha256', key.secret, salt, INFO, KEY_BYTES)))
  }

  /** Meta and body as one ciphertext, behind what is needed to decrypt it. */
  encrypt({ meta, metaBytes, body }: RecordInput, place: BodyPlace): Buffer {
    const { id, check } = this.#key
    const start = FIXED_BYTES + id.length
    const sealed = Buffer.allocUnsafe(start + metaBytes + body.length + TAG_BYTES)
    sealed.writeUInt8(id.length, 0)
    check.copy(sealed, 1)
    const nonce = randomFillSync(sealed, 1 + KEY_CHECK_BYTES, NONCE_BYTES).subarray(1 + KEY_CHECK_BYTES, FIXED_BYTES)
    id.copy(sealed, FIXED_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#segmentKey, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(placeBytes(place))
    cipher.update(meta, 'utf8').copy(sealed, start)
    cipher.update(body).copy(sealed, start + metaBytes)
    cipher.final()
    cipher.getAuthTag().copy(sealed, start + metaBytes + body.length)
    return sealed
  }

  /** Meta and body; `undefined` when they are not what was encrypted for this place. */
  decrypt(sealed: Buffer, { at }: CipherHead, place: BodyPlace): Buffer<ArrayBuffer> | undefined {
    const end = sealed.length - TAG_BYTES
    if (end < at) return undefined
    const nonce = sealed.subarray(1 + KEY_CHECK_BYTES, FIXED_BYTES)
    const decipher = createDecipheriv(ALGORITHM, this.#segmentKey, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(placeBytes(place))
    decipher.setAuthTag(sealed.subarray(end))
    const plain = decipher.update(sealed.subarray(at, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return Buffer.from(plain.buffer as ArrayBuffer, plain.byteOffset, plain.length)
  }
}

/** Reads which key a body was encrypted with; `undefined` when it is no encrypted body. */
export function cipherHeadOf(sealed: Buffer): CipherHead | undefined {
  const at = FIXED_BYTES + (sealed[0] ?? 0)
  if (sealed.length < at + TAG_BYTES) return undefined
  return {
    keyId: sealed.toString('utf8', FIXED_BYTES, at),
    check: sealed.subarray(1, 1 + KEY_CHECK_BYTES),
    at,
  }
}

function placeBytes({ seq, type, flags, metaBytes }: BodyPlace): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeDoubleLE(seq, 0)
  bytes.writeUInt8(type, 8)
  bytes.writeUInt8(flags, 9)
  bytes.writeUInt16LE(metaBytes, 10)
  return bytes
}

import { BufferError } from '../../buffer/buffer-error.ts'
import type { RecordInput } from '../record-input.ts'
import { ALL_RECORD_FLAGS, recordFlags, type RecordHeader } from '../record-codec.ts'
import type { SegmentHeader } from '../segment-format.ts'
import { BodyCipher, cipherHeadOf } from './body-cipher.ts'
import { type BodyCompression, bodyCompression, type CompressionMethod, decompressed } from './body-compression.ts'
import { type BodyKey, type EncryptionOptions, KeyRing } from './key-ring.ts'

/** How bodies are stored. */
export interface BodyCodecOptions {
  readonly encryption: EncryptionOptions | undefined
  /** `undefined`: bodies are stored as they come. */
  readonly compression: CompressionMethod | undefined
}

const COMPRESSED = recordFlags.zstd | recordFlags.brotli

/** Compresses and encrypts what goes to disk, and makes it plain again, whatever it was stored with. */
export class BodyCodec {
  readonly #keys: KeyRing
  readonly #compression: BodyCompression | undefined
  /** Ciphers by the salt of their segment, then by their key. */
  readonly #ciphers: WeakMap<Buffer, Map<BodyKey, BodyCipher>> = new WeakMap()

  constructor({ encryption, compression }: BodyCodecOptions) {
    this.#keys = new KeyRing(encryption)
    this.#compression = compression === undefined ? undefined : bodyCompression(compression)
  }

  /** The key for what is stored from now on, see `KeyRing`; `undefined` when nothing is encrypted. */
  currentKey(): Promise<BodyKey | undefined> {
    return this.#keys.current()
  }

  /** Whether bodies are to be compressed. */
  get compresses(): boolean {
    return this.#compression !== undefined
  }

  /** What is to be stored of a record. A promise for a body that a thread of the pool compresses. */
  compress(record: RecordInput): RecordInput | Promise<RecordInput> {
    const body = this.#compression?.compress(record.body)
    if (body === undefined) return record
    return body instanceof Promise
      ? body.then((settled) => this.#smaller(record, settled))
      : this.#smaller(record, body)
  }

  /** What encrypts the records of a segment. */
  cipher({ salt }: SegmentHeader, key: BodyKey): BodyCipher {
    const ciphers = this.#ciphers.get(salt) ?? new Map<BodyKey, BodyCipher>()
    this.#ciphers.set(salt, ciphers)
    const cipher = ciphers.get(key) ?? new BodyCipher(key, salt)
    ciphers.set(key, cipher)
    return cipher
  }

  /**
   * Meta and body of a record whose checksum holds, as they came; a view of `stored` where that is plain. `undefined` when it is damaged or
   * forged all the same.
   *
   * @throws BufferError when a key is missing or the wrong one, or the record is of a later version.
   */
  open(
    segment: SegmentHeader,
    header: RecordHeader,
    stored: Buffer<ArrayBuffer>,
  ): Buffer<ArrayBuffer> | undefined | Promise<Buffer<ArrayBuffer> | undefined> {
    const { flags, metaBytes } = header
    if (flags === 0) return stored
    if ((flags & ~ALL_RECORD_FLAGS) !== 0)
      throw new BufferError('buffer_unusable', 'The buffer holds records of a later version of Holdfast.')
    if ((flags & recordFlags.encrypted) !== 0) return this.#decrypt(segment, header, stored)
    return decompressed(stored, metaBytes, flags)
  }

  async #decrypt(
    segment: SegmentHeader,
    header: RecordHeader,
    stored: Buffer,
  ): Promise<Buffer<ArrayBuffer> | undefined> {
    const head = cipherHeadOf(stored)
    if (head === undefined) return undefined
    const key = await this.#keys.of(head.keyId, head.check)
    const plain = this.cipher(segment, key).decrypt(stored, head, header)
    if (plain === undefined || (header.flags & COMPRESSED) === 0) return plain
    return decompressed(plain, header.metaBytes, header.flags)
  }

  #smaller(record: RecordInput, body: Buffer | undefined): RecordInput {
    return body === undefined ? record : { ...record, body, flags: this.#compression?.flag ?? 0 }
  }
}

/** Stores everything as it comes, and reads what is compressed. */
export const plainBodies: BodyCodec = new BodyCodec({ encryption: undefined, compression: undefined })

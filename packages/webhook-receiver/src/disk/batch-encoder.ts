import { crc32 } from 'node:zlib'
import type { BodyCipher } from './body/body-cipher.ts'
import { encodeRecordHeader, RECORD_HEADER_BYTES, recordBytes, recordFlags, type SegmentKey } from './record-codec.ts'
import type { RecordInput } from './record-input.ts'

/** Larger bodies are handed to the system as they are; smaller ones are copied, which is cheaper than one more buffer per write. */
const COPY_LIMIT_BYTES = 32 * 1024
// A large body's record header and meta are in the arena all the same.
const SPARE_BYTES = 128 * 1024
// An encrypted body has its meta inside.
const NO_META = { meta: '', metaBytes: 0 } as const

/** What the records of a batch have in common. */
export interface BatchFrame {
  readonly key: SegmentKey
  readonly recordType: number
  readonly firstSeq: number
  readonly batch: number
  readonly elapsedMs: number
  /** Encrypts what is stored; `undefined`: nothing is encrypted. */
  readonly cipher: BodyCipher | undefined
  /** Where in the file the batch begins. */
  readonly start: number
}

export interface EncodedBatch {
  /** What is to be written, in order. Valid until the next batch is encoded. */
  readonly chunks: Uint8Array[]
  /** Where in the file each record begins. */
  readonly offsets: number[]
  readonly end: number
}

/** Lays batches out: small records one behind the other in an arena that is used again, large bodies as they are. */
export class BatchEncoder {
  readonly #arenaBytes: number
  #reused: Buffer | undefined
  #arena: Buffer = Buffer.alloc(0)
  #zeros: Buffer = Buffer.alloc(0)
  #chunks: Uint8Array[] = []
  #chunkStart = 0
  #at = 0

  constructor(maxBatchBytes: number) {
    this.#arenaBytes = maxBatchBytes + SPARE_BYTES
  }

  encode(frame: BatchFrame, groups: readonly { readonly records: readonly RecordInput[] }[]): EncodedBatch {
    this.#reused ??= Buffer.allocUnsafeSlow(this.#arenaBytes)
    this.#arena = this.#reused
    this.#chunks = []
    this.#chunkStart = 0
    this.#at = 0
    const offsets: number[] = []
    let end = frame.start
    for (const { records } of groups) {
      for (const record of records) {
        const bodyBytes = this.#encodeRecord(frame, frame.firstSeq + offsets.length, record)
        offsets.push(end)
        end += recordBytes(bodyBytes)
      }
    }
    this.#endChunk()
    return { chunks: this.#chunks, offsets, end }
  }

  /** So many zeros. Valid until the next call. */
  zeros(bytes: number): Uint8Array {
    if (this.#zeros.length < bytes) this.#zeros = Buffer.alloc(bytes)
    return this.#zeros.subarray(0, bytes)
  }

  /** Returns how many bytes the record's body takes. */
  #encodeRecord(frame: BatchFrame, seq: number, record: RecordInput): number {
    const { recordType: type, cipher } = frame
    const flags = (record.flags ?? 0) | (cipher === undefined ? 0 : recordFlags.encrypted)
    const { meta, metaBytes, body } =
      cipher === undefined
        ? record
        : { ...NO_META, body: cipher.encrypt(record, { seq, type, flags, metaBytes: record.metaBytes }) }
    const bodyBytes = metaBytes + body.length
    const total = recordBytes(bodyBytes)
    const isCopied = body.length <= COPY_LIMIT_BYTES
    this.#reserve(isCopied ? total : total - body.length)
    const arena = this.#arena
    const header = this.#at
    const metaAt = header + RECORD_HEADER_BYTES
    // JSON without a character above 127 has as many bytes as characters, and is copied faster.
    arena.write(meta, metaAt, metaBytes === meta.length ? 'latin1' : 'utf8')
    this.#at = metaAt + metaBytes
    let bodyCrc: number
    if (isCopied) {
      arena.set(body, this.#at)
      this.#at += body.length
      bodyCrc = crc32(arena.subarray(metaAt, this.#at))
    } else {
      bodyCrc = crc32(body, crc32(arena.subarray(metaAt, this.#at)))
      this.#endChunk()
      this.#chunks.push(body)
    }
    const padding = total - RECORD_HEADER_BYTES - bodyBytes
    arena.fill(0, this.#at, this.#at + padding)
    this.#at += padding
    // Chunks are views, so the header may be written after its chunk was closed.
    encodeRecordHeader(arena, header, frame.key, {
      type,
      flags,
      bodyBytes,
      metaBytes: record.metaBytes,
      seq,
      batch: frame.batch,
      elapsedMs: frame.elapsedMs,
      bodyCrc,
    })
    return bodyBytes
  }

  /** Makes room. Only the call with more events than a batch should have needs another arena. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#arena.length) return
    this.#endChunk()
    this.#arena = Buffer.allocUnsafeSlow(Math.max(this.#arenaBytes, bytes))
    this.#chunkStart = 0
    this.#at = 0
  }

  #endChunk(): void {
    if (this.#at > this.#chunkStart) this.#chunks.push(this.#arena.subarray(this.#chunkStart, this.#at))
    this.#chunkStart = this.#at
  }
}

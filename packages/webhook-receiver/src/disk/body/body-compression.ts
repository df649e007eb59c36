import * as zlib from 'node:zlib'
import { BufferError } from '../../buffer/buffer-error.ts'
import { recordFlags } from '../record-codec.ts'

/** Larger bodies go to a thread of the pool; for smaller ones the way there takes longer than the work. */
const SYNC_BYTES = 16 * 1024
/** Below this many bytes there is nothing to gain. */
const LEAST_BYTES = 128
const SIZE_BYTES = 4
// Levels at which the writer is not what an append waits for.
const ZSTD_LEVEL = 3
const BROTLI_QUALITY = 4

/** A way to make bodies smaller. */
export type CompressionMethod = 'zstd' | 'brotli'

/** Whether this Node.js has it: zstd came with 22.15 and 23.8. */
export function hasCompression(method: CompressionMethod): boolean {
  return method === 'brotli' || typeof Reflect.get(zlib, 'zstdCompress') === 'function'
}

/** Makes bodies smaller and large again. */
export interface BodyCompression {
  /** The bit in a record's flags. */
  readonly flag: number
  /**
   * The body behind its size; `undefined` when it would not be smaller. A promise for a body that is worth a thread.
   */
  compress(body: Uint8Array): Buffer | undefined | Promise<Buffer | undefined>
}

export function bodyCompression(method: CompressionMethod): BodyCompression {
  const flag = method === 'zstd' ? recordFlags.zstd : recordFlags.brotli
  return {
    flag,
    compress(body) {
      if (body.length < LEAST_BYTES) return undefined
      if (body.length <= SYNC_BYTES) return withSize(body, compressSync(method, body))
      return compressAside(method, body).then(
        (compressed) => withSize(body, compressed),
        // Not smaller, then.
        () => undefined,
      )
    },
  }
}

/**
 * Meta and body of a compressed record; `undefined` when it is not what `compress` made.
 *
 * @throws BufferError `buffer_unusable` when this Node.js has no zstd.
 */
export function decompressed(
  record: Buffer,
  metaBytes: number,
  flags: number,
): Buffer<ArrayBuffer> | undefined | Promise<Buffer<ArrayBuffer> | undefined> {
  const method = (flags & recordFlags.zstd) === 0 ? 'brotli' : 'zstd'
  if (!hasCompression(method))
    throw new BufferError(
      'buffer_unusable',
      'Events are compressed with zstd, which this Node.js does not have: use 22.15 or newer.',
    )
  if (record.length < metaBytes + SIZE_BYTES) return undefined
  const size = record.readUInt32LE(metaBytes)
  const compressed = record.subarray(metaBytes + SIZE_BYTES)
  const joined = (body: Buffer): Buffer<ArrayBuffer> | undefined =>
    body.length === size ? Buffer.concat([record.subarray(0, metaBytes), body]) : undefined
  if (size <= SYNC_BYTES) {
    try {
      return joined(decompressSync(method, compressed, size))
    } catch (error) {
      return damaged(error)
    }
  }
  return decompressAside(method, compressed, size).then(joined, damaged)
}

/** What cannot be decompressed is damaged, unless there was no memory for it: then it is there at the next try. */
function damaged(error: unknown): undefined {
  const { code } = error as { readonly code?: unknown }
  // zlib, brotli and zstd have a code each; an allocation of V8 has none.
  if (typeof code === 'string' ? /mem|alloc/i.test(code) : error instanceof RangeError) throw error
  return undefined
}

function withSize(body: Uint8Array, compressed: Buffer): Buffer | undefined {
  if (SIZE_BYTES + compressed.length >= body.length) return undefined
  const sized = Buffer.allocUnsafe(SIZE_BYTES + compressed.length)
  sized.writeUInt32LE(body.length, 0)
  compressed.copy(sized, SIZE_BYTES)
  return sized
}

function brotliOptions(size: number): zlib.BrotliOptions {
  return {
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: size,
    },
  }
}

function zstdOptions(): zlib.ZstdOptions {
  return { params: { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } }
}

function compressSync(method: CompressionMethod, body: Uint8Array): Buffer {
  return method === 'zstd'
    ? zlib.zstdCompressSync(body, zstdOptions())
    : zlib.brotliCompressSync(body, brotliOptions(body.length))
}

function compressAside(method: CompressionMethod, body: Uint8Array): Promise<Buffer> {
  return settled((done) =>
    method === 'zstd'
      ? zlib.zstdCompress(body, zstdOptions(), done)
      : zlib.brotliCompress(body, brotliOptions(body.length), done),
  )
}

// The size is under the record's checksum; the bound keeps a forged one from taking all memory.
function decompressSync(method: CompressionMethod, compressed: Buffer, size: number): Buffer {
  const options = { maxOutputLength: Math.max(1, size) }
  return method === 'zstd'
    ? zlib.zstdDecompressSync(compressed, options)
    : zlib.brotliDecompressSync(compressed, options)
}

function decompressAside(method: CompressionMethod, compressed: Buffer, size: number): Promise<Buffer> {
  const options = { maxOutputLength: size }
  return settled((done) =>
    method === 'zstd'
      ? zlib.zstdDecompress(compressed, options, done)
      : zlib.brotliDecompress(compressed, options, done),
  )
}

function settled(work: (done: (error: Error | null, result: Buffer) => void) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work((error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

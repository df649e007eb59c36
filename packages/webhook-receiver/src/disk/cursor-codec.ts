import { CursorState, type Retry, type SeqDelta } from './cursor-state.ts'
import { readUint53, writeUint53 } from './seq.ts'
import { SLOT_PAYLOAD_BYTES } from './two-slot-file.ts'

/** File type of `.cur` files. */
export const CURSOR_MAGIC = 'WHBUFCUR'

const CHECKPOINT_FIXED_BYTES = 96
const DELTA_FIXED_BYTES = 16
const RETRY_BYTES = 24

/** A cursor as a checkpoint holds it. */
export interface Checkpoint {
  readonly state: CursorState
  /** Number of the last ack frame that is part of it. */
  readonly version: number
  /** The header of the ack log that follows it, in case that is damaged there. */
  readonly ackHeader: Buffer
}

/**
 * A checkpoint: lowWater, version, the ack log's header, then `done` as a bitmap that begins at lowWater + 1, then the retries. `undefined` when it does not fit
 * into a slot; the ack log then keeps the state.
 */
export function encodeCheckpoint({ state, version, ackHeader }: Checkpoint): Buffer | undefined {
  let highest = state.lowWater
  for (const seq of state.done) highest = Math.max(highest, seq)
  const bitmapBytes = Math.ceil((highest - state.lowWater) / 8)
  const length = CHECKPOINT_FIXED_BYTES + bitmapBytes + state.retries.size * RETRY_BYTES
  if (length > SLOT_PAYLOAD_BYTES) return undefined
  const bytes = Buffer.alloc(length)
  writeUint53(bytes, state.lowWater, 0)
  writeUint53(bytes, version, 8)
  bytes.writeUInt32LE(bitmapBytes, 16)
  bytes.writeUInt32LE(state.retries.size, 20)
  ackHeader.copy(bytes, 32)
  for (const seq of state.done) {
    const bit = seq - state.lowWater - 1
    const at = CHECKPOINT_FIXED_BYTES + (bit >>> 3)
    bytes.writeUInt8(bytes.readUInt8(at) | (1 << (bit & 7)), at)
  }
  let at = CHECKPOINT_FIXED_BYTES + bitmapBytes
  for (const [seq, retry] of state.retries) {
    writeRetry(bytes, at, seq, retry)
    at += RETRY_BYTES
  }
  return bytes
}

export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  const state = new CursorState(readUint53(bytes, 0))
  const bitmapBytes = bytes.readUInt32LE(16)
  for (let bit = 0; bit < bitmapBytes * 8; bit++) {
    if ((bytes.readUInt8(CHECKPOINT_FIXED_BYTES + (bit >>> 3)) & (1 << (bit & 7))) !== 0)
      state.done.add(state.lowWater + 1 + bit)
  }
  for (let index = 0; index < bytes.readUInt32LE(20); index++) {
    const { seq, ...retry } = readRetry(bytes, CHECKPOINT_FIXED_BYTES + bitmapBytes + index * RETRY_BYTES)
    state.retries.set(seq, retry)
  }
  return { state, version: readUint53(bytes, 8), ackHeader: Buffer.from(bytes.subarray(32, 96)) }
}

/** Body of an ack frame: counts, lowWater, then the sequence numbers that are done, then the retries. */
export function encodeDelta(delta: SeqDelta): Buffer {
  const bytes = Buffer.alloc(DELTA_FIXED_BYTES + delta.done.length * 8 + delta.retry.length * RETRY_BYTES)
  bytes.writeUInt32LE(delta.done.length, 0)
  bytes.writeUInt32LE(delta.retry.length, 4)
  writeUint53(bytes, delta.lowWater, 8)
  let at = DELTA_FIXED_BYTES
  for (const seq of delta.done) {
    writeUint53(bytes, seq, at)
    at += 8
  }
  for (const { seq, ...retry } of delta.retry) {
    writeRetry(bytes, at, seq, retry)
    at += RETRY_BYTES
  }
  return bytes
}

export function decodeDelta(bytes: Buffer): SeqDelta {
  const doneCount = bytes.readUInt32LE(0)
  const done = Array.from({ length: doneCount }, (_, index) => readUint53(bytes, DELTA_FIXED_BYTES + index * 8))
  const retryAt = DELTA_FIXED_BYTES + doneCount * 8
  const retry = Array.from({ length: bytes.readUInt32LE(4) }, (_, index) =>
    readRetry(bytes, retryAt + index * RETRY_BYTES),
  )
  return { lowWater: readUint53(bytes, 8), done, retry }
}

function writeRetry(bytes: Buffer, at: number, seq: number, retry: Retry): void {
  writeUint53(bytes, seq, at)
  bytes.writeDoubleLE(retry.nextAt, at + 8)
  bytes.writeUInt32LE(Math.min(retry.attempts, 0xffff_ffff), at + 16)
}

function readRetry(bytes: Buffer, at: number): Retry & { readonly seq: number } {
  return { seq: readUint53(bytes, at), nextAt: bytes.readDoubleLE(at + 8), attempts: bytes.readUInt32LE(at + 16) }
}

import { describe, expect, test } from 'vitest'
import { BatchEncoder } from '../../src/disk/batch-encoder.ts'
import type { RecordInput } from '../../src/disk/record-input.ts'
import { recordTypes } from '../../src/disk/record-codec.ts'

const LIMIT_BYTES = 32 * 1024

function encode(bodies: readonly Uint8Array[]): readonly Uint8Array[] {
  const records = bodies.map((body): RecordInput => ({ meta: '{}', metaBytes: 2, body }))
  const key = { marker: Buffer.alloc(8, 1), seed: 1 }
  const frame = {
    key,
    recordType: recordTypes.event,
    firstSeq: 1,
    batch: 1,
    elapsedMs: 0,
    cipher: undefined,
    start: 64,
  }
  return new BatchEncoder(4096).encode(frame, [{ records }]).chunks
}

describe('BatchEncoder', () => {
  test('copies bodies of up to 32 KiB, so that a batch of them is one write', () => {
    const bodies = [new Uint8Array(10), new Uint8Array(LIMIT_BYTES), new Uint8Array(0)]
    const chunks = encode(bodies)
    expect(chunks).toHaveLength(1)
    expect(chunks.some((chunk) => bodies.some(({ buffer }) => buffer === chunk.buffer))).toBe(false)
  })

  test('hands larger bodies to the system as they are, between what surrounds them', () => {
    const large = new Uint8Array(LIMIT_BYTES + 1)
    const chunks = encode([new Uint8Array(10), large, new Uint8Array(10)])
    expect(chunks).toHaveLength(3)
    expect(chunks[1]).toBe(large)
  })
})

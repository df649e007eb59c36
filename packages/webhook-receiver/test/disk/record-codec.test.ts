import { systemRandom } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { decodeRecordHeader, encodeRecordHeader, recordBytes, recordTypes } from '../../src/disk/record-codec.ts'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  parseSegmentName,
  randomSalt,
  segmentKey,
  segmentName,
} from '../../src/disk/segment-format.ts'

const segment = {
  formatVersion: 1,
  baseSeq: 2 ** 40 + 3,
  createdAt: 1_750_000_000_123,
  salt: randomSalt(systemRandom),
  epoch: 7,
}
const key = segmentKey(segment)
const header = {
  type: recordTypes.event,
  flags: 0,
  bodyBytes: 70_000,
  metaBytes: 65_535,
  seq: 2 ** 52 + 1,
  batch: 0xffff_ffff,
  elapsedMs: 86_400_000,
  bodyCrc: 0xdead_beef,
}

describe('record headers', () => {
  test('come back as they were written, at the limits of their fields', () => {
    const bytes = Buffer.alloc(48, 0xff)
    encodeRecordHeader(bytes, 8, key, header)
    expect(decodeRecordHeader(bytes.subarray(8), key)).toEqual(header)
    expect(bytes.subarray(0, 8)).toEqual(Buffer.alloc(8, 0xff))
  })

  test('lie at the offsets of the format', () => {
    const bytes = Buffer.alloc(40)
    encodeRecordHeader(bytes, 0, key, header)
    expect(bytes.subarray(0, 8)).toEqual(segment.salt.subarray(0, 8))
    expect(bytes.readUInt32LE(8)).toBe(70_000)
    expect(bytes.readUInt8(12)).toBe(1)
    expect(bytes.readUInt16LE(14)).toBe(65_535)
    expect(bytes.readBigUInt64LE(16)).toBe(2n ** 52n + 1n)
    expect(bytes.readUInt32LE(24)).toBe(0xffff_ffff)
    expect(bytes.readUInt32LE(28)).toBe(86_400_000)
    expect(bytes.readUInt32LE(32)).toBe(0xdead_beef)
  })

  test('are not recognised after any bit was flipped, or in another segment', () => {
    const bytes = Buffer.alloc(40)
    encodeRecordHeader(bytes, 0, key, header)
    for (let bit = 0; bit < 320; bit++) {
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(decodeRecordHeader(damaged, key)).toBeUndefined()
    }
    expect(decodeRecordHeader(bytes, { ...key, seed: (key.seed ^ 1) >>> 0 })).toBeUndefined()
    expect(decodeRecordHeader(Buffer.alloc(40), key)).toBeUndefined()
  })

  test('begin at multiples of 8', () => {
    expect([0, 1, 7, 8, 9].map(recordBytes)).toEqual([40, 48, 48, 48, 56])
  })
})

describe('segment headers', () => {
  test('come back as they were written, at the offsets of the format', () => {
    const bytes = encodeSegmentHeader(segment)
    expect(decodeSegmentHeader(bytes)).toEqual(segment)
    expect(bytes).toHaveLength(64)
    expect(bytes.toString('latin1', 0, 8)).toBe('WHBUFSEG')
    expect(bytes.readUInt16LE(8)).toBe(1)
    expect(bytes.readUInt32LE(12)).toBe(64)
    expect(bytes.readBigUInt64LE(16)).toBe(2n ** 40n + 3n)
    expect(bytes.readBigUInt64LE(24)).toBe(1_750_000_000_123n)
    expect(bytes.subarray(32, 48)).toEqual(segment.salt)
    expect(bytes.readBigUInt64LE(48)).toBe(7n)
  })

  test('are not recognised after any bit was flipped', () => {
    const bytes = encodeSegmentHeader(segment)
    for (let bit = 0; bit < 512; bit++) {
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(decodeSegmentHeader(damaged)).toBeUndefined()
    }
  })
})

describe('segment names', () => {
  test('carry base and epoch, and sort by them', () => {
    expect(segmentName(1, 7)).toBe('0000000000000001-00000007.log')
    expect(parseSegmentName('00000000000000ff-0000000a.log')).toEqual({ baseSeq: 255, epoch: 10 })
    expect(parseSegmentName('00000000000000ff-0000000a.log.tmp')).toBeUndefined()
    expect(parseSegmentName('0000000000000000-00000001.log')).toBeUndefined()
  })
})

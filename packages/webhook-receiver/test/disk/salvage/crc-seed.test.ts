import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { seedOf } from '../../../src/disk/salvage/crc-seed.ts'

describe('seedOf', () => {
  test('finds the start value that a checksum was begun with', () => {
    for (let length = 1; length <= 200; length++) {
      const bytes = randomBytes(length)
      const seed = randomBytes(4).readUInt32LE(0)
      expect(seedOf(bytes, crc32(bytes, seed))).toBe(seed)
    }
  })
})

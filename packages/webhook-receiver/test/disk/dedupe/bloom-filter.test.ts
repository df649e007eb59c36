import { describe, expect, test } from 'vitest'
import { BloomFilter } from '../../../src/disk/dedupe/bloom-filter.ts'
import { wordOf, words } from '../../../src/disk/dedupe/fingerprint.ts'
import { idOf } from './sample-ids.ts'

describe('BloomFilter', () => {
  test.each([
    { bits: 12, falsely: 0.006 },
    { bits: 8, falsely: 0.035 },
  ])(
    'never denies an id that was added, and takes another for one at most $falsely times, in $bits bits for each',
    ({ bits, falsely }) => {
      const count = 20_000
      const filter = new BloomFilter(Buffer.alloc((count * bits) / 8))
      for (let number = 1; number <= count; number++) {
        const id = idOf(number)
        filter.add(wordOf(id, words.filter), wordOf(id, words.filterStep))
      }
      for (let number = 1; number <= count; number++) expect(filter.mayHave(idOf(number))).toBe(true)
      let wrong = 0
      for (let number = count + 1; number <= 3 * count; number++) if (filter.mayHave(idOf(number))) wrong++
      expect(wrong / (2 * count)).toBeLessThan(falsely)
    },
  )

  test('has 12 bits for each id of a small run and 8 for each of a large one', () => {
    expect(BloomFilter.forCount(20_000).bytes.length).toBe((20_000 * 12) / 8)
    expect(BloomFilter.forCount(1_000_000).bytes.length).toBe(1_000_000)
    expect(BloomFilter.forCount(0).bytes.length).toBeGreaterThan(0)
  })
})

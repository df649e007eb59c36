import { describe, expect, test } from 'vitest'
import { BloomFilter } from '../../../src/disk/dedupe/bloom-filter.ts'
import { wordOf, words } from '../../../src/disk/dedupe/fingerprint.ts'
import { idOf } from './sample-ids.ts'

describe('BloomFilter', () => {
  test('never denies an id that was added, and rarely takes another for one, in 12 bits for each', () => {
    const count = 20_000
    const filter = BloomFilter.forCount(count)
    for (let number = 1; number <= count; number++) {
      const id = idOf(number)
      filter.add(wordOf(id, words.filter), wordOf(id, words.filterStep))
    }
    for (let number = 1; number <= count; number++) expect(filter.mayHave(idOf(number))).toBe(true)
    let wrong = 0
    for (let number = count + 1; number <= 3 * count; number++) if (filter.mayHave(idOf(number))) wrong++
    expect(filter.bytes.length).toBe((count * 12) / 8)
    expect(wrong / (2 * count)).toBeLessThan(0.006)
  })
})

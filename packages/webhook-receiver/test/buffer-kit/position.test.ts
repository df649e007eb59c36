import { assert, integer, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionOf, positionOf, positionUpTo, seqOf } from '../../src/buffer-kit/position.ts'

describe('positionOf', () => {
  it('compares as text in the order of the numbers, and gives the number back', () => {
    const numbers = integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
    assert(
      property(numbers, numbers, (left, right) => {
        expect(positionOf(left) < positionOf(right)).toBe(left < right)
        expect(seqOf(positionOf(left))).toBe(left)
      }),
    )
  })

  it('has no position for the start', () => {
    expect(seqOf(null)).toBe(0)
    expect(positionUpTo(0)).toBeNull()
    expect(positionUpTo(12)).toBe('0000000000000012')
  })
})

describe('partitionOf', () => {
  it('is the same for good', () => {
    expect(['', 'a', 'cus_1', 'überall', '𝄞'].map((key) => partitionOf(key, 1_024))).toEqual([453, 300, 194, 763, 455])
  })

  it('spreads keys evenly', () => {
    const counts = Array.from({ length: 16 }, () => 0)
    for (let index = 0; index < 16_000; index++) {
      const partition = partitionOf(`customer-${index}`, 16)
      counts[partition] = (counts[partition] ?? 0) + 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(900)
    expect(Math.max(...counts)).toBeLessThan(1_100)
  })

  it('stays below their number', () => {
    assert(
      property(nat(), integer({ min: 1, max: 1_024 }), (key, partitions) => {
        expect(partitionOf(String(key), partitions)).toBeLessThan(partitions)
      }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { fairShare } from '../../src/drain/fair-share.ts'

describe('fairShare', () => {
  test('gives everything to one who is alone, whether others know of him or not', () => {
    expect(fairShare(16, ['a'], 'a')).toBe(16)
    expect(fairShare(16, [], 'a')).toBe(16)
  })

  test.each([
    [16, 3, [6, 5, 5]],
    [4, 4, [1, 1, 1, 1]],
    [2, 3, [1, 1, 0]],
    [1, 2, [1, 0]],
  ])('divides %i partitions among %i', (partitions, count, expected) => {
    const owners = ['a', 'b', 'c', 'd'].slice(0, count)
    expect(owners.map((owner) => fairShare(partitions, owners, owner))).toEqual(expected)
    expect(owners.map((owner) => fairShare(partitions, owners.toReversed(), owner))).toEqual(expected)
  })
})

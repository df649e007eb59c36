import { describe, expect, test } from 'vitest'
import { headerValues, joinedHeader } from '../../src/verify/request-headers.ts'

const headers = [
  ['X-Id', 'one'],
  ['x-other', 'no'],
  ['x-ID', 'two'],
] as const

describe('headerValues', () => {
  test('finds every value in any case, in order', () => {
    expect(headerValues(headers, 'x-id')).toEqual(['one', 'two'])
  })

  test('finds nothing for an absent header', () => {
    expect(headerValues(headers, 'x-iD-')).toEqual([])
  })
})

describe('joinedHeader', () => {
  test('joins as the Fetch standard does', () => {
    expect(joinedHeader(headers, 'x-id')).toBe('one, two')
    expect(joinedHeader(headers, 'absent')).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/testing/index.ts'

describe('seededRandom', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next)
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  it.each([Number.NaN, '1', null])('refuses %o for a seed', (seed) => {
    expect(() => seededRandom(seed as number)).toThrow(/seed.*a number/)
  })

  it('gives numbers from [0, 1) with the middle in the middle', () => {
    const random = seededRandom(3)
    const numbers = Array.from({ length: 10_000 }, () => random.next())
    expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(numbers.reduce((sum, value) => sum + value, 0) / numbers.length).toBeCloseTo(0.5, 1)
  })

  it('gives version 4 UUIDs, a new one each time', () => {
    const random = seededRandom()
    const uuids = [random.uuid(), random.uuid()]
    expect(uuids[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(uuids[0]).not.toBe(uuids[1])
  })
})

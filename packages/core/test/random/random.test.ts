import { expect, test, vi } from 'vitest'
import { systemRandom } from '../../src/random/random.ts'

test('looks Math.random up at each call', () => {
  using random = vi.spyOn(Math, 'random').mockReturnValue(0.25)
  expect(systemRandom.next()).toBe(0.25)
  expect(random).toHaveBeenCalledOnce()
})

test('makes version 4 UUIDs, each another one', () => {
  const first = systemRandom.uuid()
  expect(first).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(systemRandom.uuid()).not.toBe(first)
})

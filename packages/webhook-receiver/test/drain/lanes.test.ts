import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/drain/delivery.ts'
import { createLanes } from '../../src/drain/lanes.ts'

const delivery = (key: string | undefined): Delivery => ({ key, behind: undefined }) as unknown as Delivery

describe('createLanes', () => {
  test('says of the first of a key that it is the head, and of the others that they are not', () => {
    const lanes = createLanes()
    expect(lanes.join(delivery('a'))).toBe(true)
    expect(lanes.join(delivery('a'))).toBe(false)
    expect(lanes.join(delivery('b'))).toBe(true)
  })

  test('brings up the next of the same key', () => {
    const lanes = createLanes()
    const [first, other, second] = [delivery('a'), delivery('b'), delivery('a')]
    for (const each of [first, other, second]) lanes.join(each)
    expect(lanes.leave(first)).toBe(second)
    expect(lanes.leave(second)).toBeUndefined()
    expect(lanes.leave(other)).toBeUndefined()
  })

  test('begins a key anew once it was empty', () => {
    const lanes = createLanes()
    const first = delivery('a')
    lanes.join(first)
    lanes.leave(first)
    expect(lanes.join(delivery('a'))).toBe(true)
  })

  test('puts everything without a key at the head', () => {
    const lanes = createLanes()
    const [first, second] = [delivery(undefined), delivery(undefined)]
    expect([lanes.join(first), lanes.join(second)]).toEqual([true, true])
    expect(lanes.leave(first)).toBeUndefined()
  })
})

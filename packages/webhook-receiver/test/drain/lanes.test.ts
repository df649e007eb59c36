import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/drain/delivery.ts'
import { createLanes, keyOfLane, laneName } from '../../src/drain/lanes.ts'
import { createParkedParts } from '../../src/drain/parked-parts.ts'

let made = 0

const delivery = (key: string | undefined): Delivery =>
  ({ key, event: { position: String(made++) }, lane: undefined, behind: undefined }) as unknown as Delivery

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

  test('leads from what has left to nothing that came after it', () => {
    const lanes = createLanes()
    const [first, second] = [delivery('a'), delivery('a')]
    for (const each of [first, second]) lanes.join(each)
    expect(first.behind).toBe(second)
    lanes.leave(first)
    expect(first.behind).toBeUndefined()
  })

  test('begins a key anew once it was empty', () => {
    const lanes = createLanes()
    const first = delivery('a')
    lanes.join(first)
    lanes.leave(first)
    expect(lanes.find('a')).toBeUndefined()
    expect(lanes.join(delivery('a'))).toBe(true)
  })

  test('puts nothing at the head while something of the key is parked', () => {
    const lanes = createLanes()
    const lane = lanes.named('a')
    const parts = createParkedParts({ events: 0, bytes: 0, blockedKeys: 0 })
    parts.with(lane, '')
    const first = delivery('a')
    expect(lanes.join(first)).toBe(false)
    lanes.leave(first)
    expect(lanes.find('a')).toBe(lane)
    parts.remove(lane)
    lanes.forget(lane)
    expect(lanes.find('a')).toBeUndefined()
  })

  test('puts everything without a key at the head, and gives it a lane when it is in trouble', () => {
    const lanes = createLanes()
    const [first, second] = [delivery(undefined), delivery(undefined)]
    expect([lanes.join(first), lanes.join(second)]).toEqual([true, true])
    const lane = lanes.laneOf(first)
    expect(lane.head).toBe(first)
    expect(lanes.laneOf(first)).toBe(lane)
    expect(lanes.laneOf(second)).not.toBe(lane)
    expect(lanes.leave(first)).toBeUndefined()
  })
})

describe('laneName', () => {
  test('can be read back, and is different for whatever is not in one lane', () => {
    const keys = ['', 'a', '\0', '\u00007', '\0k', '\0k\0', 'k']
    const names = keys.map((key) => laneName(key, '7'))
    expect(names.map(keyOfLane)).toEqual(keys)
    const unordered = laneName(undefined, '7')
    expect(keyOfLane(unordered)).toBeUndefined()
    expect(new Set([...names, unordered, laneName(undefined, '8')]).size).toBe(keys.length + 2)
  })

  test('has no half of a surrogate pair, which not every buffer can store', () => {
    expect(laneName('cut \ud83d', '7')).toBe('cut \ufffd')
    expect(laneName('whole \u{1f600}', '7')).toBe('whole \u{1f600}')
  })

  test('is the same whenever a key is cut within a pair, so that it is found again', () => {
    const lanes = createLanes()
    const first = delivery('cut \ud83d')
    expect(lanes.join(first)).toBe(true)
    expect(lanes.named('cut \ufffd')).toBe(lanes.find('cut \ud83d'))
    expect(lanes.join(delivery('cut \ud83d'))).toBe(false)
  })
})

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { comparePlaces, type Place, placeOf, type Priority } from '../../src/policy/place.ts'
import { WaitingLine } from '../../src/policy/waiting-line.ts'

const place = fc
  .tuple(fc.constantFrom<Priority>('high', 'auto', 'low'), fc.nat(50_000), fc.nat(5))
  .map(([priority, beganMs, callId]) => placeOf(priority, beganMs, callId))

it('a waiting line is always in the order of its places, whoever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.boolean()), { maxLength: 60 }), (steps) => {
      const line = new WaitingLine<{ readonly place: Place }>()
      const model: { readonly place: Place }[] = []
      for (const [at, leaves] of steps) {
        const waiter = { place: at }
        expect(line.ahead(at)).toBe(model.filter((other) => comparePlaces(other.place, at) <= 0).length)
        line.add(waiter)
        model.push(waiter)
        const [gone] = model
        if (leaves && gone !== undefined) {
          expect(line.remove(gone)).toBe(true)
          expect(line.remove(gone)).toBe(false)
          model.shift()
        }
        const sorted = model.toSorted((left, right) => comparePlaces(left.place, right.place))
        expect(line.values()).toEqual(sorted)
        expect(line.size).toBe(model.length)
        expect(line.first).toBe(line.values()[0])
      }
    }),
  )
})

it('a place in a line yields ten seconds to the next more urgent class, and no more', () => {
  const isBefore = (left: Place, right: Place): boolean => comparePlaces(left, right) < 0
  expect(isBefore(placeOf('high', 9_999, 2), placeOf('auto', 0, 1))).toBe(true)
  expect(isBefore(placeOf('high', 10_000, 2), placeOf('auto', 0, 1))).toBe(false)
  expect(isBefore(placeOf('high', 19_999, 2), placeOf('low', 0, 1))).toBe(true)
  expect(isBefore(placeOf('high', 20_000, 2), placeOf('low', 0, 1))).toBe(false)
  expect(isBefore(placeOf('auto', 5, 1), placeOf('auto', 5, 2))).toBe(true)
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePlaces, type Place, placeOf, type Priority } from '../../src/policy/place.ts'
import { LimitQueue, type Load } from '../../src/rate-limit/limit-queue.ts'
import { fakeClock } from '../../src/testing/index.ts'

const candidate = fc.record({
  priority: fc.constantFrom<Priority>('high', 'auto', 'low'),
  beganMs: fc.nat(30_000),
  cost: fc.option(fc.nat(9), { nil: undefined }),
  leaves: fc.constantFrom('stays', 'aborts', 'gives up', 'lets the first start'),
})

function loadOf(waiters: readonly { readonly cost: number | undefined }[]): Load {
  return {
    calls: waiters.length,
    units: waiters.reduce((sum, { cost = 0 }) => sum + cost, 0),
    unpriced: waiters.filter(({ cost }) => cost === undefined).length,
  }
}

describe('LimitQueue', () => {
  it('knows what all take and what is ahead of a place, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 60 }), (candidates) => {
        const queue = new LimitQueue(fakeClock(), () => {})
        let model: { readonly place: Place; readonly cost: number | undefined }[] = []
        for (const [callId, { priority, beganMs, cost, leaves }] of candidates.entries()) {
          const place = placeOf(priority, beganMs, callId)
          expect(queue.ahead(place)).toEqual(loadOf(model.filter((other) => comparePlaces(other.place, place) < 0)))
          const controller = new AbortController()
          const ticket = queue.join({ place, cost, latestMs: Infinity }, 0, controller.signal)
          model.push({ place, cost })
          model.sort((left, right) => comparePlaces(left.place, right.place))
          if (leaves === 'aborts') controller.abort()
          if (leaves === 'gives up') ticket.leave()
          if (leaves === 'aborts' || leaves === 'gives up') model = model.filter((other) => other.place !== place)
          if (leaves === 'lets the first start') {
            queue.shift('started')
            model.shift()
          }
          expect(queue.load).toEqual(loadOf(model))
          expect(queue.first?.place).toBe(model[0]?.place)
        }
      }),
    )
  })

  it('holds ten thousand, of whom every other one leaves at once when it aborts', async () => {
    const clock = fakeClock()
    const queue = new LimitQueue(clock, () => {})
    const controllers = Array.from({ length: 10_000 }, () => new AbortController())
    const tickets = controllers.map(({ signal }, callId) =>
      queue.join({ place: placeOf('auto', callId, callId), cost: 1, latestMs: 60_000 }, 0, signal),
    )
    expect(queue.load).toEqual({ calls: 10_000, units: 10_000, unpriced: 0 })
    for (const [index, controller] of controllers.entries()) if (index % 2 === 1) controller.abort(index)
    expect(queue.size).toBe(5_000)
    expect(clock.pendingTimers).toBe(5_000)
    const startedIds: (number | undefined)[] = []
    for (let first = queue.first; first !== undefined; first = queue.first) {
      startedIds.push(first.place.callId)
      queue.shift('started')
    }
    expect(startedIds).toEqual(Array.from({ length: 5_000 }, (_, index) => 2 * index))
    const results = await Promise.allSettled(tickets.map(({ result }) => result))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(5_000)
    expect(results[9_999]).toMatchObject({ reason: 9_999 })
    expect(clock.pendingTimers).toBe(0)
    expect(queue.load).toEqual({ calls: 0, units: 0, unpriced: 0 })
  })
})

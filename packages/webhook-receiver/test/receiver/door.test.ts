import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { createDoor, defaultDoorLimits, type DoorLimits } from '../../src/receiver/door.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { deferred, receiverOptions, startedReceiver, webhook } from './receiver-fixture.ts'

function doorWith(limits: Partial<DoorLimits> = {}, isBusy = false) {
  const timers: (() => void)[] = []
  let nowMs = 0
  const state = { isBusy }
  const door = createDoor(
    { ...defaultDoorLimits, ...limits },
    {
      ...fakeClock(),
      monotonicMs: () => nowMs,
      schedule: (_ms, callback) => {
        timers.push(callback)
        return () => {}
      },
    },
    () => state.isBusy,
  )
  return {
    door,
    state,
    timers,
    /** Time that work takes. */
    work: (ms: number) => void (nowMs += ms),
    /** The next turn of the event loop. */
    nextTurn: async () => {
      for (const callback of timers.splice(0)) callback()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('createDoor', () => {
  test('lets so many requests in at once, and another one when one has left', () => {
    const { door } = doorWith({ maxInFlightRequests: 2 })
    const first = door.enter()
    door.enter()
    expect(() => door.enter()).toThrow(expect.objectContaining({ code: 'overloaded', reason: 'requests' }))
    first.leave()
    door.enter()
  })

  test('lets so many bytes in at once, counts what has come, and gives them back', () => {
    const { door } = doorWith({ maxInFlightBytes: 100 })
    const first = door.enter()
    const second = door.enter()
    first.hold(40)
    first.hold(60)
    second.hold(40)
    expect(() => second.hold(41)).toThrow(expect.objectContaining({ code: 'overloaded', reason: 'memory' }))
    first.leave()
    second.hold(100)
    second.leave()
  })

  test('takes a body that is alone, whatever its size', () => {
    const { door } = doorWith({ maxInFlightBytes: 100 })
    const only = door.enter()
    only.hold(60)
    only.hold(5000)
    expect(() => door.enter().hold(1)).toThrow('`maxInFlightBytes`')
  })

  test('makes nobody wait while there is nothing to deliver, and sets no timer', () => {
    const { door, work, timers } = doorWith()
    for (let request = 0; request < 100; request++) {
      expect(door.enter().turn()).toBeUndefined()
      work(5)
    }
    expect(timers).toEqual([])
  })

  test('works on requests for 10 ms of each turn while there is something to deliver, in order', async () => {
    const { door, work, nextTurn } = doorWith({}, true)
    const order: number[] = []
    const finish = (request: number): void => {
      order.push(request)
      work(4)
    }
    const requests = Array.from({ length: 8 }, async (_, request) => {
      const turn = door.enter().turn()
      if (turn !== undefined) await turn
      finish(request)
    })
    expect(order).toEqual([0, 1, 2])
    await nextTurn()
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    await nextTurn()
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    await Promise.all(requests)
  })

  test('lets all go on who wait when there is nothing to deliver any more', async () => {
    const { door, work, nextTurn, state } = doorWith({}, true)
    expect(door.enter().turn()).toBeUndefined()
    work(20)
    const gone: number[] = []
    const waiting = Array.from({ length: 5 }, async (_, request) => {
      await door.enter().turn()
      gone.push(request)
      work(20)
    })
    await nextTurn()
    expect(gone).toEqual([0])
    state.isBusy = false
    await nextTurn()
    await Promise.all(waiting)
    expect(gone).toEqual([0, 1, 2, 3, 4])
  })
})

describe('the door of a receiver', () => {
  test('answers 503 with Retry-After when too many requests are under way, and reads none of their body', async () => {
    const receiver = await startedReceiver({ maxInFlightRequests: 1 })
    const rest = deferred()
    const slow = receiver.accept('sample', {
      ...webhook('{"id":"1"}'),
      body: (async function* () {
        await rest.promise
        yield Buffer.from('{"id":"1"}')
      })(),
    })
    let wasRead = false
    const refused = await receiver.accept('sample', {
      ...webhook('{"id":"2"}'),
      body: (async function* () {
        wasRead = true
        yield Buffer.from('{"id":"2"}')
      })(),
    })
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'overloaded', reason: 'requests' })
    expect(wasRead).toBe(false)
    rest.resolve()
    expect((await slow).status).toBe(200)
    expect((await receiver.accept('sample', webhook('{"id":"2"}'))).status).toBe(200)
  })

  test('answers 503 when the bodies find no room, and gives the room back whatever became of a request', async () => {
    const receiver = await startedReceiver({ maxInFlightBytes: 100 })
    const rest = deferred()
    const slow = receiver.accept('sample', {
      ...webhook('x'),
      body: (async function* () {
        yield Buffer.alloc(80)
        await rest.promise
      })(),
    })
    // Until the first bytes are there.
    await new Promise((resolve) => setImmediate(resolve))
    const refused = await receiver.accept('sample', webhook(`{"id":"${'1'.repeat(50)}"}`))
    expect(JSON.parse(refused.body)).toMatchObject({ status: 503, code: 'overloaded', reason: 'memory' })
    rest.resolve()
    expect((await slow).status).toBe(401)
    expect((await receiver.accept('sample', webhook(`{"id":"${'1'.repeat(50)}"}`))).status).toBe(200)
  })

  test.each([
    [{ maxInFlightRequests: 0 }, '`maxInFlightRequests`'],
    [{ maxInFlightBytes: 0 }, '`maxInFlightBytes`'],
  ])('refuses %o', (options, message) => {
    expect(() => createReceiver(receiverOptions(options))).toThrow(message)
  })
})

import { describe, expect, test } from 'vitest'
import { drainFixture, event } from './drain-fixture.ts'

describe('pacing', () => {
  test('starts events evenly at ratePerSecond, whatever the concurrency', async () => {
    const starts: number[] = []
    const stored = Array.from({ length: 6 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, clock, drained } = await drainFixture(
      {
        handle: () => void starts.push(clock.monotonicMs()),
        orderingKey: ({ key }) => key,
        concurrency: 8,
        ratePerSecond: 10,
      },
      stored,
    )
    drain.start()
    await drained()
    expect(starts).toEqual([0, 100, 200, 300, 400, 500])
  })

  test('does not save up starts while there was nothing to do', async () => {
    const starts: number[] = []
    const { drain, clock, buffer } = await drainFixture({
      handle: () => void starts.push(clock.monotonicMs()),
      orderingKey: ({ key }) => key,
      ratePerSecond: 10,
    })
    drain.start()
    await clock.advance(10_000)
    await buffer.append([event('a', 'a'), event('b', 'b'), event('c', 'c')])
    await clock.advance(1000)
    expect(starts).toEqual([10_000, 10_100, 10_200])
  })

  test('counts repeats as starts', async () => {
    const starts: number[] = []
    const { drain, clock } = await drainFixture(
      {
        handle: () => {
          starts.push(clock.monotonicMs())
          throw new Error('no')
        },
        orderingKey: ({ key }) => key,
        ratePerSecond: 2,
        baseDelayMs: 0,
        maxDelayMs: 0,
        maxAttempts: 2,
      },
      [event('a', 'a'), event('b', 'b')],
    )
    drain.start()
    await clock.advance(5000)
    expect(starts).toEqual([0, 500, 1000, 1500])
  })
})

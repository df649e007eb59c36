import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { breakable } from './breakable-consumer.ts'
import { type DrainFixture, drainFixture, event, manualHandler } from './drain-fixture.ts'

const PARTITIONS = 4

/** A buffer that several processes could share. */
async function sharedBuffer(clock: FakeClock): Promise<EventBuffer> {
  const buffer = memoryBuffer({ clock, partitions: PARTITIONS })
  await buffer.open()
  return { ...buffer, caps: { ...buffer.caps, multiProcess: true } }
}

/** Two drains that are not started, and in how many partitions each of them delivers what comes. */
async function pair(options: Partial<DestinationOptions> = {}): Promise<{
  readonly clock: FakeClock
  readonly first: DrainFixture
  readonly second: DrainFixture
  readonly partitionsOfEach: () => Promise<number[]>
}> {
  const clock = fakeClock()
  const buffer = await sharedBuffer(clock)
  const seen: [number[], number[]] = [[], []]
  const destination = (partitions: number[]): DestinationOptions => ({
    handle: ({ partition }) => void partitions.push(partition),
    orderingKey: ({ id }) => id,
    ...options,
  })
  const first = await drainFixture(destination(seen[0]), [], { clock, buffer })
  const second = await first.again(destination(seen[1]))
  return {
    clock,
    first,
    second,
    async partitionsOfEach() {
      for (const partitions of seen) partitions.length = 0
      await buffer.append(Array.from({ length: 64 }, (_, index) => event(`${clock.now()}_${index}`, `key_${index}`)))
      // The dispatcher gives the event loop a turn in between.
      await clock.advance(1)
      return seen.map((partitions) => new Set(partitions).size)
    },
  }
}

describe('drains of one buffer in several processes', () => {
  test('divide the partitions when one joins, and take at once what one leaves', async () => {
    const { clock, first, second, partitionsOfEach } = await pair()
    first.drain.start()
    await first.quiet()
    expect(await partitionsOfEach()).toEqual([4, 0])
    second.drain.start()
    await clock.advance(20_000)
    expect(await partitionsOfEach()).toEqual([2, 2])
    await first.drain.stop({ timeoutMs: 0 })
    await clock.advance(10_000)
    expect(await partitionsOfEach()).toEqual([0, 4])
  })

  test('take the partitions of one that is not heard of any more when its leases are over', async () => {
    const { broken, wrap } = breakable()
    const { clock, first, second, partitionsOfEach } = await pair()
    const dying = await drainFixture({ handle: () => {} }, [], {
      clock,
      buffer: first.buffer,
      owner: 'dying',
      wrap: (inner) => ({
        ...wrap(inner),
        attend: async (options) => {
          if (broken.has('acquire')) throw new Error('gone')
          return inner.attend(options)
        },
      }),
    })
    dying.drain.start()
    await dying.quiet()
    second.drain.start()
    await clock.advance(20_000)
    expect((await partitionsOfEach())[1]).toBe(2)
    for (const method of ['acquire', 'renew', 'read', 'commit'] as const) broken.add(method)
    await clock.advance(45_000)
    expect((await partitionsOfEach())[1]).toBe(4)
  })

  test('let a handler finish before its partition goes, so that the next event of its key waits for it', async () => {
    const handler = manualHandler()
    const { clock, first, second } = await pair({
      handle: handler.handle,
      orderingKey: ({ key }) => key,
      concurrency: 32,
    })
    const keys = Array.from({ length: 16 }, (_, index) => `key_${index}`)
    const events = keys.flatMap((key) => [event(`${key}:1`, key), event(`${key}:2`, key)])
    await first.buffer.append(events)
    first.drain.start()
    await first.quiet()
    const running = handler.started.slice()
    expect(running).toHaveLength(16)
    second.drain.start()
    await clock.advance(20_000)
    // The second has none of what the first has to give up: it is still at work there.
    expect(second.drain.snapshot().inFlight).toBe(0)
    for (const id of running) handler.succeed(id)
    await clock.advance(20_000)
    expect(second.drain.snapshot().inFlight).toBeGreaterThan(0)
    const next = handler.started.slice(running.length)
    expect(next.filter((id) => running.includes(id))).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { breakable, failures } from './breakable-consumer.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

describe('a buffer that fails', () => {
  test.each(['acquire', 'load', 'read'] as const)(
    'is tried again when %s fails, with growing waits',
    async (method) => {
      const { broken, wrap } = breakable()
      const fixture = await drainFixture({ handle: () => {} }, [event('a')], { wrap })
      broken.add(method)
      fixture.drain.start()
      await fixture.clock.advance(2000)
      const waits = fixture.heard.of('drain:failed').map(({ retryInMs }) => retryInMs)
      expect(waits.slice(0, 3)).toEqual([187.5, 375, 750])
      expect(failures(fixture)[0]).toBe(`${method} failed`)
      broken.clear()
      await fixture.clock.advance(60_000)
      expect(fixture.drain.snapshot()).toMatchObject({ state: 'idle', delivered: 1 })
    },
  )

  test('keeps outcomes until they can be written, and starts nothing meanwhile', async () => {
    const { broken, wrap } = breakable()
    const handler = manualHandler()
    const fixture = await drainFixture(
      { handle: handler.handle, orderingKey: ({ key }) => key, concurrency: 2 },
      [event('a1', 'a'), event('b1', 'b'), event('c1', 'c'), event('d1', 'd'), event('a2', 'a')],
      { wrap },
    )
    fixture.drain.start()
    await fixture.quiet()
    broken.add('commit')
    handler.succeed('a1')
    await fixture.quiet()
    handler.succeed('b1')
    await fixture.clock.advance(1000)
    expect(failures(fixture)).toContain('commit failed')
    expect(handler.started).toEqual(['a1', 'b1', 'c1'])
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 0 })
    broken.clear()
    await fixture.clock.advance(1000)
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 2 })
    handler.succeed('c1')
    await fixture.quiet()
    // Nothing was run a second time because the buffer had failed.
    expect(handler.started.toSorted()).toEqual(['a1', 'a2', 'b1', 'c1', 'd1'])
  })

  test('repeats a commit that was written although it failed', async () => {
    let failNext = true
    const fixture = await drainFixture({ handle: () => {} }, [event('a'), event('b')], {
      wrap: (inner) => ({
        ...inner,
        commit: async (lease, delta) => {
          await inner.commit(lease, delta)
          if (failNext) {
            failNext = false
            throw new Error('connection lost')
          }
        },
      }),
    })
    fixture.drain.start()
    await fixture.drained()
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 2 })
    expect((await fixture.buffer.stats()).consumers).toMatchObject([{ backlog: 0 }])
  })

  test('tries a dead letter again until it is stored', async () => {
    const { broken, wrap } = breakable()
    const fixture = await drainFixture(
      { handle: () => Promise.reject(new Error('no')), maxAttempts: 1 },
      [event('a'), event('b')],
      { wrap },
    )
    broken.add('deadLetter')
    fixture.drain.start()
    await fixture.clock.advance(1000)
    expect(fixture.drain.snapshot()).toMatchObject({ deadLettered: 0, inWindow: 2 })
    broken.clear()
    await fixture.drained()
    expect((await fixture.deadLetters()).map((letter) => letter.event.id)).toEqual(['a', 'b'])
  })

  test('lets other keys go on while no dead letter can be stored: on a full disk only they make room', async () => {
    const { broken, wrap } = breakable()
    const delivered: string[] = []
    const fixture = await drainFixture(
      {
        handle: async ({ id, key }) => {
          if (key === 'bad') throw new Error('no')
          delivered.push(id)
        },
        orderingKey: ({ key }) => key,
        maxAttempts: 1,
      },
      [event('bad-1', 'bad'), event('bad-2', 'bad')],
      { wrap },
    )
    broken.add('deadLetter')
    fixture.drain.start()
    await fixture.quiet()
    await fixture.buffer.append([event('a', 'a'), event('b', 'b')])
    await fixture.clock.advance(10_000)
    expect(delivered).toEqual(['a', 'b'])
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 2, inWindow: 2, deadLettered: 0 })
    broken.clear()
    await fixture.clock.advance(60_000)
    expect((await fixture.deadLetters()).map((letter) => letter.event.id)).toEqual(['bad-1', 'bad-2'])
  })

  test('does not keep a drain from stopping', async () => {
    const { broken, wrap } = breakable()
    const fixture = await drainFixture({ handle: () => {} }, [event('a')], { wrap })
    broken.add('commit')
    fixture.drain.start()
    await fixture.clock.advance(1000)
    await fixture.drain.stop({ timeoutMs: 1000 })
    expect(fixture.clock.pendingTimers).toBe(0)
    expect((await fixture.buffer.stats()).consumers).toMatchObject([{ backlog: 1 }])
  })

  test('does not fail drained', async () => {
    const { drain, buffer } = await drainFixture({ handle: () => {} }, [event('a')])
    Object.assign(buffer, { stats: () => Promise.reject(new Error('stats failed')) })
    drain.start()
    await drain.drained()
    expect(drain.snapshot().delivered).toBe(1)
  })
})

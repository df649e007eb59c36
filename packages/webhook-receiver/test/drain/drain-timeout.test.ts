import { describe, expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

describe('timeouts', () => {
  test('aborts the signal of a handler that takes too long, and counts it as failed', async () => {
    let signal: AbortSignal | undefined
    const { drain, clock, heard, quiet } = await drainFixture(
      {
        handle: (_event, context) => {
          signal = context.signal
          return new Promise(() => {})
        },
        timeoutMs: 2000,
        maxAttempts: 2,
      },
      [event('slow')],
    )
    drain.start()
    await clock.advance(1999)
    expect(signal?.aborted).toBe(false)
    await clock.advance(1)
    await quiet()
    expect(signal?.reason).toMatchObject({ code: 'timeout', reason: 'handler_timeout' })
    expect(heard.of('delivery:retried')).toMatchObject([{ id: 'slow', attempt: 1, durationMs: 2000 }])
    expect(drain.snapshot().inFlight).toBe(0)
  })

  test('ignores what a handler does after its time', async () => {
    const handler = manualHandler()
    const { drain, clock, drained, quiet } = await drainFixture({ handle: handler.handle, timeoutMs: 1000 }, [
      event('a'),
    ])
    drain.start()
    await quiet()
    await clock.advance(1000)
    handler.succeed('a')
    await quiet()
    expect(drain.snapshot()).toMatchObject({ delivered: 0, retried: 1, inWindow: 1 })
    await clock.advance(500)
    expect(handler.started).toEqual(['a', 'a'])
    handler.succeed('a')
    await drained()
    expect(drain.snapshot()).toMatchObject({ delivered: 1, retried: 1 })
  })

  test('gives a signal that is aborted already when it is asked for too late', async () => {
    const contexts: { readonly signal: AbortSignal }[] = []
    const { drain, clock } = await drainFixture(
      {
        handle: (_event, context) => {
          contexts.push(context)
          return new Promise(() => {})
        },
        timeoutMs: 100,
      },
      [event('a')],
    )
    drain.start()
    await clock.advance(100)
    expect(contexts[0]?.signal.aborted).toBe(true)
  })

  test('keeps each of many deadlines', async () => {
    const timedOut: [string, number][] = []
    const starts = [0, 30, 70]
    const { drain, clock, buffer, events } = await drainFixture({
      handle: () => new Promise(() => {}),
      orderingKey: ({ key }) => key,
      timeoutMs: 100,
      maxAttempts: 1,
    })
    events.on('delivery:dead-lettered', ({ id }) => timedOut.push([id, clock.monotonicMs()]))
    drain.start()
    for (const [index, atMs] of starts.entries()) {
      await clock.advance(atMs - clock.monotonicMs())
      await buffer.append([event(`e${index}`, `k${index}`)])
    }
    await clock.advance(1000)
    expect(timedOut).toEqual([
      ['e0', 100],
      ['e1', 130],
      ['e2', 170],
    ])
  })

  test('waits for ever with timeoutMs Infinity', async () => {
    const handler = manualHandler()
    const { drain, clock } = await drainFixture({ handle: handler.handle, timeoutMs: Infinity }, [event('a')])
    drain.start()
    await clock.advance(24 * 3_600_000)
    expect(handler.running).toEqual(['a'])
  })
})

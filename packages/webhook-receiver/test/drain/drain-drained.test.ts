import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

describe('drained', () => {
  test('waits for what is stored now, not for what comes later', async () => {
    const handler = manualHandler()
    const { drain, buffer, quiet } = await drainFixture({ handle: handler.handle }, [event('a'), event('b')])
    drain.start()
    await quiet()
    let done = false
    const drained = drain.drained().then(() => {
      done = true
    })
    await quiet()
    await buffer.append([event('later')])
    handler.succeed('a')
    await quiet()
    expect(done).toBe(false)
    handler.succeed('b')
    await drained
    expect(handler.running).toEqual(['later'])
  })

  test('resolves under a stream of events that never ends', async () => {
    const { drain, buffer, clock } = await drainFixture(
      {
        handle: async () => {
          await buffer.append([event(`more-${next++}`)])
        },
      },
      Array.from({ length: 10 }, (_, index) => event(`e${index}`)),
      { limits: { records: 4, span: 4, bytes: 1_000_000 } },
    )
    let next = 0
    drain.start()
    await clock.runUntil(drain.drained())
    expect(next).toBeGreaterThanOrEqual(10)
    await drain.stop({ timeoutMs: 0 })
  })

  test('resolves at once when nothing is left', async () => {
    const { drain, quiet } = await drainFixture({ handle: () => {} })
    drain.start()
    await quiet()
    await drain.drained()
    expect(drain.snapshot().state).toBe('idle')
  })

  test('waits for the start', async () => {
    const { drain, quiet } = await drainFixture({ handle: () => {} }, [event('a')])
    const drained = drain.drained()
    await quiet()
    expect(drain.snapshot()).toMatchObject({ state: 'stopped', delivered: 0 })
    drain.start()
    await drained
    expect(drain.snapshot().delivered).toBe(1)
  })

  test('rejects with the reason of its signal', async () => {
    const handler = manualHandler()
    const { drain } = await drainFixture({ handle: handler.handle }, [event('a')])
    drain.start()
    const controller = new AbortController()
    const drained = drain.drained(controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(drained).rejects.toBe(reason)
    await expect(drain.drained(controller.signal)).rejects.toBe(reason)
  })

  test('rejects when the drain stops first', async () => {
    const handler = manualHandler()
    const { drain, quiet } = await drainFixture({ handle: handler.handle }, [event('a')])
    drain.start()
    await quiet()
    const drained = drain.drained()
    const refused = expect(drained).rejects.toMatchObject({ code: 'canceled', reason: 'drain_stopped' })
    await drain.stop({ timeoutMs: 0 })
    await refused
    await expect(drain.drained()).rejects.toBeInstanceOf(IntegrationError)
  })
})

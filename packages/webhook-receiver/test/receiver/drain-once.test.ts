import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer, NewEvent } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import type { DrainOnceOptions, Receiver } from '../../src/receiver/receiver.ts'
import { event } from '../drain/drain-fixture.ts'
import { deferred, receiverOptions, webhook } from './receiver-fixture.ts'

const all: DrainOnceOptions = { deadlineMs: 60_000 }

describe('drainOnce', () => {
  test('delivers what is there without a start, and closes the buffer again', async () => {
    const { buffer, calls } = await filledBuffer(3)
    const delivered: string[] = []
    const receiver = receiverOf(buffer, { handle: ({ id }) => void delivered.push(id) })
    const report = await receiver.drainOnce(all)
    expect(delivered).toEqual(['e0', 'e1', 'e2'])
    expect(report).toMatchObject({
      endedBy: 'empty',
      delivered: 3,
      retried: 0,
      deadLettered: 0,
      backlog: 0,
      destinations: { log: { delivered: 3, backlog: 0 } },
    })
    expect(calls).toEqual(['open', 'close'])
    expect(receiver.snapshot().destinations['log']).toMatchObject({ state: 'stopped', inFlight: 0, delivered: 3 })
  })

  test('can be called again and again', async () => {
    const { buffer, append } = await filledBuffer(1)
    const receiver = receiverOf(buffer, { handle: () => {} })
    expect(await receiver.drainOnce(all)).toMatchObject({ delivered: 1 })
    await append([event('later')])
    expect(await receiver.drainOnce(all)).toMatchObject({ delivered: 1, backlog: 0 })
    expect(await receiver.drainOnce(all)).toMatchObject({ delivered: 0, endedBy: 'empty' })
  })

  test('ends at the deadline, lets nothing start in the grace, and writes the acks of what finished', async () => {
    const clock = fakeClock()
    const { buffer } = await filledBuffer(10)
    const receiver = receiverOf(buffer, { handle: () => clock.sleep(3000) }, clock)
    const report = await clock.runUntil(receiver.drainOnce({ deadlineMs: 10_000, graceMs: 2_500 }))
    // Started at 0, 3, and 6 s; the third ends within the grace.
    expect(report).toMatchObject({ endedBy: 'deadline', delivered: 3, backlog: 7 })
    expect(report.durationMs).toBe(9000)
    expect(clock.pendingTimers).toBe(0)
    const rest = receiverOf(buffer, { handle: () => {} })
    expect(await rest.drainOnce(all)).toMatchObject({ delivered: 7 })
  })

  test('aborts a handler that is still at work at the deadline, without counting its attempt', async () => {
    const clock = fakeClock()
    const { buffer } = await filledBuffer(1)
    const attempts: number[] = []
    const options: DestinationOptions = {
      handle: async (_event, { signal, attempt }) => {
        attempts.push(attempt)
        await clock.sleep(60_000, signal)
      },
    }
    for (let pass = 0; pass < 2; pass++) {
      const report = await clock.runUntil(receiverOf(buffer, options, clock).drainOnce({ deadlineMs: 1000 }))
      expect(report).toMatchObject({ endedBy: 'deadline', delivered: 0, retried: 0, backlog: 1, durationMs: 1000 })
    }
    expect(attempts).toEqual([1, 1])
  })

  test('waits for repeats while there is time, and counts them', async () => {
    const clock = fakeClock()
    const { buffer } = await filledBuffer(2)
    const receiver = receiverOf(
      buffer,
      {
        maxAttempts: 3,
        handle: ({ id }, { attempt }) => {
          if (id === 'e0' || attempt === 1) throw new Error('not now')
        },
      },
      clock,
    )
    const report = await clock.runUntil(receiver.drainOnce(all))
    expect(report).toMatchObject({ endedBy: 'empty', delivered: 1, retried: 3, deadLettered: 1, backlog: 0 })
  })

  test('goes on with the attempts of an earlier call', async () => {
    const clock = fakeClock()
    const { buffer } = await filledBuffer(1)
    const attempts: number[] = []
    const options: DestinationOptions = {
      baseDelayMs: 10_000,
      handle: (_event, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 3) throw new Error('not now')
      },
    }
    const pass = () => clock.runUntil(receiverOf(buffer, options, clock).drainOnce({ deadlineMs: 2000 }))
    expect(await pass()).toMatchObject({ endedBy: 'deadline', retried: 1, backlog: 1 })
    await clock.advance(10_000)
    await pass()
    await clock.advance(20_000)
    expect(await pass()).toMatchObject({ endedBy: 'empty', delivered: 1 })
    expect(attempts).toEqual([1, 2, 3])
  })

  test('ends with the reason of its signal, after everything has stopped', async () => {
    const { buffer, calls } = await filledBuffer(1)
    const entered = deferred()
    const receiver = receiverOf(buffer, {
      handle: (_event, { signal }) =>
        new Promise((_resolve, reject) => {
          entered.resolve()
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    })
    const controller = new AbortController()
    const pass = receiver.drainOnce({ deadlineMs: 60_000, signal: controller.signal })
    await entered.promise
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(pass).rejects.toBe(reason)
    expect(calls).toEqual(['open', 'close'])
    await expect(receiver.drainOnce({ deadlineMs: 1, signal: controller.signal })).rejects.toBe(reason)
    expect(calls).toEqual(['open', 'close'])
  })

  test('rejects with the error of a buffer that somebody else has, and can be tried again', async () => {
    const { buffer } = await filledBuffer(1)
    let locked = true
    const receiver = receiverOf(
      {
        ...buffer,
        open: () => (locked ? Promise.reject(new BufferError('buffer_locked', 'Locked.')) : buffer.open()),
      },
      { handle: () => {} },
    )
    await expect(receiver.drainOnce(all)).rejects.toMatchObject({ reason: 'buffer_locked' })
    locked = false
    expect(await receiver.drainOnce(all)).toMatchObject({ delivered: 1 })
  })

  test('waits along while the receiver drains anyway, and leaves it running', async () => {
    const { buffer, calls } = await filledBuffer(2)
    const delivered: string[] = []
    const receiver = receiverOf(buffer, { handle: ({ id }) => void delivered.push(id) })
    await receiver.start()
    await receiver.drained()
    await receiver.accept('sample', webhook('{"id":"e3"}'))
    expect(await receiver.drainOnce(all)).toMatchObject({ endedBy: 'empty', delivered: 1, backlog: 0 })
    expect(calls).toEqual(['open'])
    expect(receiver.snapshot().state).toBe('running')
    await receiver.stop()
    expect(delivered).toEqual(['e0', 'e1', 'e3'])
  })

  test('delivers for a receiver that only takes webhooks, and leaves it so', async () => {
    const { buffer } = await filledBuffer(0)
    const delivered: string[] = []
    const receiver = receiverOf(buffer, { handle: ({ id }) => void delivered.push(id) })
    await receiver.start({ drain: false })
    expect((await receiver.accept('sample', webhook('{"id":"e1"}'))).status).toBe(200)
    expect(receiver.snapshot()).toMatchObject({ state: 'running', destinations: { log: { state: 'stopped' } } })
    await expect(receiver.drained()).rejects.toMatchObject({ reason: 'receiver_not_running' })
    expect(await receiver.drainOnce(all)).toMatchObject({ delivered: 1 })
    expect((await receiver.accept('sample', webhook('{"id":"e2"}'))).status).toBe(200)
    expect(delivered).toEqual(['e1'])
    await receiver.start()
    await receiver.drained()
    expect(delivered).toEqual(['e1', 'e2'])
    await receiver.stop()
  })

  test('shares its end with a second call', async () => {
    const { buffer, calls } = await filledBuffer(5)
    const receiver = receiverOf(buffer, { handle: () => Promise.resolve() })
    const [first, second] = await Promise.all([receiver.drainOnce(all), receiver.drainOnce({ deadlineMs: 5 })])
    expect(second).toBe(first)
    expect(first.delivered).toBe(5)
    expect(calls).toEqual(['open', 'close'])
  })

  test('holds a start back until it is over', async () => {
    const { buffer, calls } = await filledBuffer(3)
    const receiver = receiverOf(buffer, { handle: () => Promise.resolve() })
    const pass = receiver.drainOnce(all)
    await receiver.start()
    expect(await pass).toMatchObject({ delivered: 3 })
    expect(calls).toEqual(['open', 'close', 'open'])
    await receiver.stop()
  })

  test('is ended by stop, which lets handlers finish, and is refused after it', async () => {
    const { buffer, calls } = await filledBuffer(2)
    const entered = deferred()
    const work = deferred()
    const receiver = receiverOf(buffer, {
      handle: async () => {
        entered.resolve()
        await work.promise
      },
    })
    const pass = receiver.drainOnce(all)
    const refused = expect(pass).rejects.toMatchObject({ code: 'canceled', reason: 'drain_stopped' })
    await entered.promise
    const stopped = receiver.stop()
    work.resolve()
    await stopped
    await refused
    expect(calls).toEqual(['open', 'close'])
    expect(receiver.snapshot().destinations['log']?.delivered).toBe(1)
    await expect(receiver.drainOnce(all)).rejects.toMatchObject({ reason: 'receiver_stopped' })
  })

  test.each([
    [{}, 'deadlineMs'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ deadlineMs: 100, graceMs: 101 }, 'graceMs'],
    [{ deadlineMs: 100, timeoutMs: 3 }, 'timeoutMs'],
    [{ deadlineMs: 100, signal: 'soon' }, 'signal'],
  ])('refuses %j', async (options, path) => {
    const { buffer, calls } = await filledBuffer(0)
    const refused = receiverOf(buffer, { handle: () => {} }).drainOnce(options as DrainOnceOptions)
    await expect(refused).rejects.toMatchObject({ name: 'InvalidOptionsError', path })
    expect(calls).toEqual([])
  })
})

function receiverOf(buffer: EventBuffer, log: DestinationOptions, clock = fakeClock()): Receiver {
  return createReceiver(receiverOptions({ buffer, clock, destinations: { log } }))
}

interface FilledBuffer {
  readonly buffer: EventBuffer
  /** What was called since. */
  readonly calls: readonly string[]
  readonly append: (events: readonly NewEvent[]) => Promise<void>
}

/** A closed buffer with the events e0, e1, ... in it. */
async function filledBuffer(count: number): Promise<FilledBuffer> {
  const inner = memoryBuffer()
  const append = async (events: readonly NewEvent[]): Promise<void> => {
    await inner.open()
    await inner.append(events)
    await inner.close()
  }
  await append(Array.from({ length: count }, (_, index) => event(`e${index}`)))
  const calls: string[] = []
  const buffer: EventBuffer = {
    ...inner,
    open: () => (calls.push('open'), inner.open()),
    close: () => (calls.push('close'), inner.close()),
  }
  return { buffer, calls, append }
}

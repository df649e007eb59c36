import { describe, expect, it } from 'vitest'
import { fakeClock } from '@holdfast/core/testing'
import { answerInTime } from '../../src/buffer-kit/answer-in-time.ts'
import { untilAborted } from '../../src/buffer-kit/until-aborted.ts'

describe('answerInTime', () => {
  it('gives the answer that comes in time, or its failure, and leaves no timer', async () => {
    const clock = fakeClock()
    const options = { clock, timeoutMs: 10, server: 'The server' }
    expect(await answerInTime(Promise.resolve(7), options)).toBe(7)
    const failure = new Error('refused')
    await expect(answerInTime(Promise.reject(failure), options)).rejects.toBe(failure)
    await clock.flush()
    expect(clock.pendingTimers).toBe(0)
  })

  it('rejects when the time is over, and says who has not answered', async () => {
    const clock = fakeClock()
    const answer = answerInTime(new Promise(() => {}), { clock, timeoutMs: 10, server: 'The server' })
    await expect(clock.runUntil(answer)).rejects.toMatchObject({
      reason: 'buffer_failed',
      message: 'The server did not answer within 10 ms.',
      retryAfterMs: 1_000,
    })
    expect(clock.monotonicMs()).toBe(10)
  })
})

describe('untilAborted', () => {
  it('gives what the promise gives while nobody aborts', async () => {
    const { signal } = new AbortController()
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7)
    expect(await untilAborted(Promise.resolve(8), undefined)).toBe(8)
    const failure = new Error('refused')
    await expect(untilAborted(Promise.reject(failure), signal)).rejects.toBe(failure)
  })

  it('rejects with the reason as soon as the signal aborts', async () => {
    const stop = new AbortController()
    const waiting = untilAborted(new Promise(() => {}), stop.signal)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  it('rejects at once with the reason of a signal that has aborted before', async () => {
    const reason = new Error('enough')
    await expect(untilAborted(new Promise(() => {}), AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(untilAborted(Promise.reject(new Error('late')), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

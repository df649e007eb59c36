import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { explain, integrationErrorOf } from '../../src/index.ts'
import type { RecordedCall } from '../../src/testing/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

describe('createFetch: deadline and attempt timeout', () => {
  it('ends a call at its deadline with the error of AbortSignal.timeout', async () => {
    const { run, clock } = harness(['hang'], { deadlineMs: 1_000 })
    const error = await rejectionOf(run())
    expect(error).toBeInstanceOf(DOMException)
    expect(error).toMatchObject({ name: 'TimeoutError', message: 'The operation was aborted due to timeout' })
    expect(integrationErrorOf(error)).toMatchObject({ code: 'timeout', reason: 'total', delivery: 'unknown' })
    expect(clock.monotonicMs()).toBe(1_000)
  })

  it('ends an attempt at its timeout and makes another one', async () => {
    const { run, clock, heard } = harness(['hang', answer(200)], { attemptTimeoutMs: 500 })
    expect((await run()).status).toBe(200)
    expect(heard.of('attempt:failed')).toMatchObject([{ code: 'timeout', reason: 'attempt', durationMs: 500 }])
    expect(clock.monotonicMs()).toBeLessThanOrEqual(750)
  })

  it('knows its timeout by a transport that throws an error of its own when it is aborted', async () => {
    const { run, heard } = harness([abortedInItsOwnWords, answer(200)], { attemptTimeoutMs: 500 })
    expect((await run()).status).toBe(200)
    expect(heard.of('attempt:failed')).toMatchObject([{ code: 'timeout', reason: 'attempt' }])
    const once = harness([abortedInItsOwnWords], { deadlineMs: 1_000, retry: false })
    expect(await rejectionOf(once.run())).toMatchObject({ name: 'TimeoutError' })
  })

  it('leaves the error of such a transport as it is when the caller aborts', async () => {
    const { fetch, clock } = harness([abortedInItsOwnWords], { attemptTimeoutMs: 500 })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    controller.abort('enough')
    const error = await call
    expect(error).toMatchObject({ message: 'The user aborted a request.' })
    expect(integrationErrorOf(error)).toMatchObject({ code: 'canceled', attempts: [{}] })
  })

  it('bounds the attempts together by the deadline', async () => {
    const { run, clock, transport } = harness(['hang'], { attemptTimeoutMs: 600, deadlineMs: 1_000 })
    expect(integrationErrorOf(await rejectionOf(run()))).toMatchObject({ code: 'timeout', reason: 'total' })
    expect(clock.monotonicMs()).toBe(1_000)
    expect(transport.calls).toHaveLength(2)
  })

  it('aborts the request that it gives up', async () => {
    const { run, transport } = harness(['hang'], { deadlineMs: 1_000, retry: false })
    await rejectionOf(run())
    expect(transport.calls[0]?.init?.signal?.aborted).toBe(true)
  })

  it('does not end a body that is being read', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const { run, clock, transport } = harness([() => new Response(readable)], { deadlineMs: 1_000 })
    const response = await run()
    await clock.advance(60_000)
    expect(transport.calls[0]?.init?.signal?.aborted).toBe(false)
    const writer = writable.getWriter()
    const written = writer.write(new TextEncoder().encode('late')).then(() => writer.close())
    expect(await response.text()).toBe('late')
    await written
  })

  it('passes the abort of the caller on while the body is read', async () => {
    const { run, transport } = harness([answer(200, {}, 'body')])
    const controller = new AbortController()
    const response = await run(url, { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    expect(transport.calls[0]?.init?.signal?.reason).toBe(reason)
    expect(response.bodyUsed).toBe(false)
  })

  it('throws the reason of a caller who aborts during an attempt', async () => {
    const { fetch, clock, transport } = harness(['hang'])
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    controller.abort('just a word')
    expect(await call).toBe('just a word')
    expect(transport.calls).toHaveLength(1)
  })

  it('sends nothing when the caller has aborted before', async () => {
    const { run, transport } = harness([answer(200)])
    const reason = new Error('too late')
    expect(await rejectionOf(run(url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(transport.calls).toHaveLength(0)
  })

  it('throws the reason of a caller who aborts during the backoff, even when it is no error', async () => {
    const { fetch, clock, transport } = harness([answer(500)], { retry: { baseDelayMs: 10_000 } })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    expect(clock.pendingTimers).toBe(1)
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
    expect(transport.calls).toHaveLength(1)
  })

  it('schedules no retry after a caller whose own timeout passed', async () => {
    const { fetch, heard } = harness(['hang'])
    const timedOut = AbortSignal.abort(new DOMException('late', 'TimeoutError'))
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    controller.abort(timedOut.reason)
    expect(explain(await call)).toMatchObject({ stop: 'not_retryable', error: { code: 'timeout' } })
    expect(heard.names).toEqual(['call:started', 'attempt:failed', 'call:finished'])
    expect(fetch.snapshot().hosts[0]?.retryTokens).toBe(500)
  })

  it('leaves no listener on the signal of a call whose headers are not allowed', async () => {
    const { fetch } = harness([answer(200)])
    const { signal } = new AbortController()
    expect(await rejectionOf(fetch(url, { signal, headers: { 'two words': 'x' } }))).toBeInstanceOf(TypeError)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('follows the signal of a Request, and `signal: null` takes it away', async () => {
    const controller = new AbortController()
    const request = new Request(url, { signal: controller.signal })
    const { fetch, clock, transport } = harness(['hang', answer(200)])
    const call = rejectionOf(fetch(request))
    await clock.flush()
    controller.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
    expect((await clock.runUntil(fetch(request, { signal: null }))).status).toBe(200)
    expect(transport.calls).toHaveLength(2)
  })

  it("adds nothing to the caller's init when it needs neither timer nor header", async () => {
    const { run, transport } = harness([answer(200)], { deadlineMs: false, attemptTimeoutMs: false })
    const init = { method: 'PUT', body: 'x' }
    await run(url, init)
    expect(transport.calls[0]?.init).toEqual(init)
  })
})

/** As node-fetch and cross-fetch do. */
function abortedInItsOwnWords({ init }: RecordedCall): Promise<Response> {
  return new Promise((_resolve, reject) => {
    const ownWords = Object.assign(new Error('The user aborted a request.'), { name: 'AbortError' })
    init?.signal?.addEventListener('abort', () => reject(ownWords))
  })
}

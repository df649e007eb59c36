import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createFetch, explain, integrationErrorOf, replayableBody } from '../../src/index.ts'
import { type RecordedCall, type ScriptedAnswer, scriptedFetch } from '../../src/testing/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
// Not that of a Blob, which needs turns of the event loop that a fake clock does not wait for.
const streamOf = (text: string): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes(text))
      controller.close()
    },
  })
const put = (body: unknown): RequestInit => ({ method: 'PUT', body, duplex: 'half' }) as RequestInit

/** Answers with `status` after having read the body, like a server. */
function reading(status: number, seen: string[]): ScriptedAnswer {
  return async ({ input, init }: RecordedCall) => {
    seen.push(await new Request(input, init).text())
    return answer(status)
  }
}

describe('createFetch: replayableBody', () => {
  it.each([
    ['a stream', () => streamOf('hello')],
    ['a promise of a stream', () => Promise.resolve(streamOf('hello'))],
    ['a string', () => 'hello'],
  ])('makes %s anew for each attempt', async (_, make) => {
    const seen: string[] = []
    const attempts: number[] = []
    const { run, transport } = harness([reading(500, seen), reading(503, seen), reading(200, seen)])
    const body = replayableBody(({ attempt }) => {
      attempts.push(attempt)
      return make()
    })
    expect((await run(url, { method: 'PUT', body })).status).toBe(200)
    expect(seen).toEqual(['hello', 'hello', 'hello'])
    expect(attempts).toEqual([1, 2, 3])
    expect(transport.calls[0]?.init?.body).not.toBe(body)
  })

  it('asks for duplex where the body is a stream, and only there', async () => {
    const { run, transport } = harness([answer(200)])
    await run(url, { method: 'PUT', body: replayableBody(() => streamOf('x')) })
    await run(url, { method: 'PUT', body: replayableBody(() => new FormData()) })
    expect(transport.calls.map(({ init }) => (init as { duplex?: string }).duplex)).toEqual(['half', undefined])
  })

  it('is sent once more after a 401', async () => {
    const seen: string[] = []
    const tokens = ['old', 'new']
    const { run } = harness([reading(401, seen), reading(200, seen)], { auth: () => tokens.shift() ?? '' })
    await run(url, { method: 'POST', body: replayableBody(() => streamOf('x')) })
    expect(seen).toEqual(['x', 'x'])
  })

  it('works with every policy off', async () => {
    const seen: string[] = []
    const off = { retry: false, rateLimit: false, breaker: false, deadlineMs: false, attemptTimeoutMs: false } as const
    const transport = scriptedFetch([reading(200, seen)])
    const fetch = createFetch({ fetch: transport, ...off })
    await fetch(url, { method: 'PUT', body: replayableBody(() => streamOf('x')) })
    await fetch(url, { method: 'PUT', body: replayableBody(() => Promise.resolve('y')) })
    expect(seen).toEqual(['x', 'y'])
    const controller = new AbortController()
    const body = replayableBody(() => new Promise<string>(() => {}))
    const call = rejectionOf(fetch(url, { method: 'PUT', body, signal: controller.signal }))
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it.each([
    [
      'throws',
      (error: Error): never => {
        throw error
      },
    ],
    ['rejects', (error: Error) => Promise.reject(error)],
  ])('ends the call with the very error of a function that %s', async (_, fail) => {
    const error = new Error('no such file')
    const { run, transport, clock, fetch } = harness([answer(200)], { bulkhead: { maxConcurrent: 1 } })
    const thrown = await rejectionOf(run(url, { method: 'PUT', body: replayableBody(() => fail(error)) }))
    expect(thrown).toBe(error)
    expect(integrationErrorOf(thrown)).toMatchObject({
      code: 'invalid_request',
      reason: 'body_factory',
      fault: 'caller',
      delivery: 'not_sent',
      phase: 'local',
    })
    expect(transport.calls).toHaveLength(0)
    expect(clock.pendingTimers).toBe(0)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, circuits: [{ state: 'closed' }] }])
  })

  it.each([undefined, null, Promise.resolve(undefined)])(
    'is no empty one where the function makes %s',
    async (made) => {
      const body = replayableBody(() => made as never)
      const { run, transport } = harness([answer(200)])
      const thrown = await rejectionOf(run(url, { method: 'PUT', body }))
      expect(thrown).toMatchObject({ name: 'TypeError', message: 'The function given to replayableBody made no body.' })
      expect(integrationErrorOf(thrown)).toMatchObject({ code: 'invalid_request', reason: 'body_factory' })
      expect(transport.calls).toHaveLength(0)
      await expect(new Response(body).text()).rejects.toThrow('made no body')
      const off = {
        retry: false,
        rateLimit: false,
        breaker: false,
        deadlineMs: false,
        attemptTimeoutMs: false,
      } as const
      const plain = createFetch({ fetch: transport, ...off })
      await expect(plain(url, { method: 'PUT', body })).rejects.toThrow('made no body')
      expect(transport.calls).toHaveLength(0)
    },
  )

  it('does not say that nothing was sent when the function fails for a repeat', async () => {
    const error = new Error('gone')
    const { run } = harness([answer(500)])
    const body = replayableBody(({ attempt }) => {
      if (attempt > 1) throw error
      return 'x'
    })
    const thrown = await rejectionOf(run(url, { method: 'PUT', body }))
    expect(thrown).toBe(error)
    expect(integrationErrorOf(thrown)).toMatchObject({ delivery: 'unknown', attempts: [{ status: 500 }] })
  })

  it('is not waited for longer than the deadline, and what comes too late is freed', async () => {
    let cancelled = 0
    let finish: (body: ReadableStream) => void = () => {}
    const signals: AbortSignal[] = []
    const { run, clock } = harness([answer(200)], { deadlineMs: 500 })
    const body = replayableBody(({ signal }) => {
      signals.push(signal)
      return new Promise<ReadableStream>((resolve) => (finish = resolve))
    })
    const thrown = await rejectionOf(run(url, { method: 'PUT', body }))
    expect(thrown).toMatchObject({ name: 'TimeoutError' })
    expect(integrationErrorOf(thrown)).toMatchObject({ code: 'timeout', delivery: 'not_sent' })
    expect(clock.monotonicMs()).toBe(500)
    expect(clock.pendingTimers).toBe(0)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    finish(new ReadableStream({ cancel: () => void cancelled++ }))
    await clock.flush()
    expect(cancelled).toBe(1)
  })

  it('is made under a signal of a library that has its own, with no more than the first of them had', async () => {
    const signal = Object.assign(new EventTarget(), { aborted: false }) as AbortSignal
    const body = replayableBody(() => 'x')
    const noLimits = { deadlineMs: false, attemptTimeoutMs: false } as const
    for (const options of [noLimits, { ...noLimits, retry: false, rateLimit: false, breaker: false }] as const) {
      const fetch = createFetch({ fetch: () => Promise.resolve(answer(200)), ...options })
      expect((await fetch(url, { method: 'PUT', body, signal })).status).toBe(200)
    }
  })

  it('is not made for a call that was aborted before it began', async () => {
    let made = 0
    const fetch = createFetch()
    const body = replayableBody(() => `${made++}`)
    expect(await rejectionOf(fetch(url, { method: 'PUT', body, signal: AbortSignal.abort('stop') }))).toBe('stop')
    expect(made).toBe(0)
  })

  it('waits for a limit that is hit while the body is made', async () => {
    const { fetch, clock, transport } = harness([answer(429, { 'retry-after': '10' }), answer(200)], { retry: false })
    const body = replayableBody(async () => {
      await clock.sleep(2_000)
      return 'x'
    })
    const upload = fetch(url, { method: 'PUT', body })
    await fetch(url)
    await clock.advance(9_999)
    expect(transport.calls).toHaveLength(1)
    await clock.runUntil(upload)
    expect(transport.calls).toHaveLength(2)
  })

  it('frees a body that is not sent because the circuit is open', async () => {
    let cancelled = 0
    const { run, fetch } = harness([answer(200)])
    fetch.circuits.isolate()
    const body = replayableBody(() => new ReadableStream({ cancel: () => void cancelled++ }))
    await rejectionOf(run(url, { method: 'PUT', body }))
    expect(cancelled).toBe(1)
    const file = Readable.from([bytes('x')])
    await rejectionOf(run(url, { method: 'PUT', body: replayableBody(() => file as never) }))
    expect(file.destroyed).toBe(true)
  })
})

describe('createFetch: retry.bufferBodyBytes', () => {
  const oneShots: [string, () => [input: string | Request, init?: RequestInit]][] = [
    ['a stream', () => [url, put(streamOf('hello'))]],
    ['a stream of Node.js', () => [url, put(Readable.from([bytes('hel'), bytes('lo')]))]],
    ['the body of a Request', () => [new Request(url, { method: 'PUT', body: 'hello' })]],
  ]

  // Streams of Node.js need real turns of the event loop.
  const onSystemClock = (answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]], bufferBodyBytes: number) =>
    createFetch({ fetch: scriptedFetch(answers), retry: { bufferBodyBytes, baseDelayMs: 0 } })

  it.each(oneShots)('repeats %s that is short enough', async (_, args) => {
    const seen: string[] = []
    const fetch = onSystemClock([reading(500, seen), reading(200, seen)], 5)
    const response = await fetch(...args())
    expect(response.status).toBe(200)
    expect(seen).toEqual(['hello', 'hello'])
  })

  it.each(oneShots)('sends %s that is too long once, whole, and says so', async (_, args) => {
    const seen: string[] = []
    const response = await onSystemClock([reading(500, seen)], 4)(...args())
    expect(response.status).toBe(500)
    expect(seen).toEqual(['hello'])
    expect(explain(response)?.stop).toBe('body_not_replayable')
  })

  it('is off by default: a stream goes to the transport as it is', async () => {
    const { run, transport } = harness([answer(200)])
    const body = streamOf('x')
    await run(url, put(body))
    expect(transport.calls[0]?.init?.body).toBe(body)
    expect(body.locked).toBe(false)
  })

  it('keeps the headers and the content type of a Request', async () => {
    const { run, transport } = harness([answer(200)], { retry: { bufferBodyBytes: 100 } })
    await run(new Request(url, { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } }))
    const { input, init } = transport.calls[0] ?? {}
    expect(new Request(input ?? '', init).headers.get('content-type')).toBe('application/json')
  })

  it('leaves a body that somebody else reads or has read to the transport, which refuses it', async () => {
    const reading = streamOf('x')
    reading.getReader()
    const read = streamOf('x')
    const reader = read.getReader()
    await reader.read()
    reader.releaseLock()
    const readable = Readable.from([bytes('x')])
    await readable.toArray()
    for (const body of [reading, read, readable]) {
      const { run, transport } = harness([answer(200)], { retry: { bufferBodyBytes: 100 } })
      await run(url, put(body))
      expect(transport.calls[0]?.init?.body).toBe(body)
    }
  })

  it('destroys a stream of Node.js that it waits for when the caller aborts', async () => {
    const body = new Readable({ read: () => {} })
    const controller = new AbortController()
    const fetch = onSystemClock([answer(200)], 100)
    const call = rejectionOf(fetch(url, { ...put(body), signal: controller.signal }))
    body.push(bytes('x'))
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(body.destroyed).toBe(true)
  })

  it.each([
    ['the caller aborts', { deadlineMs: 60_000 }, true],
    ['the deadline passes', { deadlineMs: 500 }, false],
  ])('stops reading when %s, and cancels the stream', async (_, options, aborts) => {
    const reasons: unknown[] = []
    const { fetch, clock, transport } = harness([answer(200)], { ...options, retry: { bufferBodyBytes: 100 } })
    const controller = new AbortController()
    const body = new ReadableStream({ pull: () => {}, cancel: (why) => void reasons.push(why) })
    const call = rejectionOf(fetch(url, { ...put(body), signal: controller.signal }))
    await clock.flush()
    if (aborts) controller.abort('stop')
    const thrown = aborts ? await call : await clock.runUntil(call)
    expect(thrown).toEqual(aborts ? 'stop' : expect.objectContaining({ name: 'TimeoutError' }))
    expect(reasons).toEqual([thrown])
    expect(transport.calls).toHaveLength(0)
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})

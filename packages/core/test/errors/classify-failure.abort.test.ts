import type net from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rawServer } from './failing-server.ts'
import { classified, errorOf, factsOf } from './failure-facts.ts'

describe('classifyFailure of what was ended on purpose', () => {
  const silent = { status: undefined, answer: () => {} }
  const halfway = {
    status: 200,
    answer: (socket: net.Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
  }
  const places = [
    ['before the headers', silent, { delivery: 'unknown', phase: 'headers' }],
    ['in the body', halfway, { delivery: 'answered', phase: 'body' }],
  ] as const

  /** Starts a call, aborts it with `reason` once the server has it or, for a body, once the headers are there. */
  async function abortedError(
    { status, answer }: typeof silent | typeof halfway,
    controller: AbortController,
    reason?: unknown,
  ): Promise<unknown> {
    let arrive = (): void => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const { url } = await rawServer((socket) => {
      answer(socket)
      arrive()
    })
    const call = fetch(url, { signal: controller.signal })
    if (status === undefined) void arrived.then(() => controller.abort(reason))
    return errorOf(async () => {
      const response = await call
      const reading = response.text()
      controller.abort(reason)
      return reading
    })
  }

  for (const [place, server, facts] of places) {
    const context = server.status === undefined ? {} : { status: server.status }

    test.each([
      ['the default reason', undefined],
      ['an error of its own', new Error('the user left')],
      ['an object of its own', { because: 'the user left' }],
      ['a text of its own', 'the user left'],
      ['null', null],
      ['0', 0],
      ['no text', ''],
      ['an error that looks like a reset', Object.assign(new Error('mine'), { code: 'ECONNRESET' })],
    ])(`a caller that aborts ${place} with %s has canceled`, async (_title, reason) => {
      const controller = new AbortController()
      const error = await abortedError(server, controller, reason)
      const { code, ...rest } = classified(error, { ...context, signal: controller.signal })
      expect(rest).toMatchObject({ reason: 'abort', fault: 'caller', ...facts })
      expect(code).toBe('canceled')
    })

    test(`the attempt's own timer that fires ${place} is a timeout of the attempt`, async () => {
      const controller = new AbortController()
      const reason = new DOMException('attempt', 'AbortError')
      const error = await abortedError(server, controller, reason)
      const found = classified(error, { ...context, attemptTimeoutReason: reason, deadlineReason: new Error('other') })
      expect(found).toMatchObject({ code: 'timeout', reason: 'attempt', fault: 'network', ...facts })
    })

    test(`the deadline that passes ${place} is a total timeout`, async () => {
      const controller = new AbortController()
      const reason = { deadline: true }
      const error = await abortedError(server, controller, reason)
      const found = classified(error, { ...context, attemptTimeoutReason: {}, deadlineReason: reason })
      expect(found).toMatchObject({ code: 'timeout', reason: 'total', fault: 'network', ...facts })
    })

    test(`a TimeoutError that the caller aborts with ${place} is a total timeout`, async () => {
      const controller = new AbortController()
      const error = await abortedError(server, controller, new DOMException('too late', 'TimeoutError'))
      const found = classified(error, { ...context, signal: controller.signal })
      expect(found).toMatchObject({ code: 'timeout', reason: 'total', ...facts })
    })
  }

  test('AbortSignal.timeout is a total timeout', async () => {
    const { url } = await rawServer(() => {})
    const signal = AbortSignal.timeout(1)
    expect(await factsOf(() => fetch(url, { signal }), { signal })).toEqual({
      code: 'timeout',
      reason: 'total',
      delivery: 'unknown',
      phase: 'headers',
      fault: 'network',
    })
  })
})

// The transport looks at its limits about once a second, whatever they are.
describe('classifyFailure of the time limits that the transport has', { timeout: 30_000 }, () => {
  // Node's own undici is reachable only through its global; the symbol ends in the version of the dispatcher's interface.
  const dispatcherOf = (version: number): object | undefined =>
    (globalThis as Record<symbol, object | undefined>)[Symbol.for(`undici.globalDispatcher.${version}`)]

  async function impatientFetch(url: string): Promise<Response> {
    await fetch('data:,').then((response) => response.text())
    const Agent = (dispatcherOf(2) ?? dispatcherOf(1))?.constructor as new (
      limits: object,
    ) => { destroy(): Promise<void> }
    const dispatcher = new Agent({ headersTimeout: 1, bodyTimeout: 1 })
    onTestFinished(() => dispatcher.destroy())
    return fetch(url, { dispatcher } as RequestInit)
  }

  test('headers that do not come are a timeout of the upstream', async () => {
    const { url } = await rawServer(() => {})
    expect(await factsOf(() => impatientFetch(url))).toEqual({
      code: 'timeout',
      reason: 'headers',
      delivery: 'unknown',
      phase: 'headers',
      fault: 'upstream',
    })
  })

  test('a body that stops is a timeout of the upstream after its answer', async () => {
    const { url } = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    expect(await factsOf(async () => (await impatientFetch(url)).text())).toEqual({
      code: 'timeout',
      reason: 'body',
      delivery: 'answered',
      phase: 'body',
      fault: 'upstream',
    })
  })
})

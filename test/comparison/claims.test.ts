import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import Bottleneck from 'bottleneck'
import { BrokenCircuitError, circuitBreaker, ConstantBackoff, ConsecutiveBreaker, handleAll, retry } from 'cockatiel'
import got from 'got'
import ky from 'ky'
import { Agent, request, RetryAgent } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'

/** What docs/comparison.md says of other libraries and can be seen in a moment. Where it fails, the table is out of date. */
let server: Server | undefined

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

const url = 'https://api.example.com/'

/** A fetch that gives the answers in order, and `200` from then on. */
function answering(...answers: readonly Response[]) {
  let calls = 0
  const fetch = (): Promise<Response> => Promise.resolve(answers[calls++]?.clone() ?? new Response('well'))
  return { fetch, calls: () => calls }
}

const limited = (headers: Record<string, string>) => new Response(null, { status: 429, headers })

describe('ky', () => {
  it('sends a new call while another one waits for the end of a limit', async () => {
    const { fetch, calls } = answering(limited({ 'retry-after': '60' }))
    const controller = new AbortController()
    const waiting = ky(url, { fetch, signal: controller.signal }).catch((error: unknown) => error)
    while (calls() === 0) await Promise.resolve()
    expect((await ky(url, { fetch })).status).toBe(200)
    controller.abort(new Error('enough'))
    expect(await waiting).toMatchObject({ message: 'enough' })
  })

  it('takes no notice of a RateLimit field', async () => {
    const { fetch } = answering(limited({ ratelimit: '"default";r=0;t=60' }))
    expect((await ky(url, { fetch, retry: { delay: () => 1 } })).status).toBe(200)
  })

  it('takes no notice of retry-after-ms', async () => {
    const { fetch } = answering(limited({ 'retry-after-ms': '60000' }))
    expect((await ky(url, { fetch, retry: { delay: () => 1 } })).status).toBe(200)
  })

  it('does not repeat a POST that a limit kept from being processed', async () => {
    const { fetch, calls } = answering(limited({ 'retry-after': '0' }))
    const response = await ky.post(url, { fetch, throwHttpErrors: false })
    expect([response.status, calls()]).toEqual([429, 1])
  })

  it('comes back before the time that the server asked for when that is longer than maxRetryAfter', async () => {
    const { fetch } = answering(limited({ 'retry-after': '60' }))
    expect((await ky(url, { fetch, retry: { maxRetryAfter: 1 } })).status).toBe(200)
  })
})

describe('got', () => {
  it('gives every attempt the whole time limit', async () => {
    let attempts = 0
    const silent = await serve(() => attempts++)
    const call = got(silent, {
      timeout: { request: 500 },
      retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && 1 },
    })
    await expect(call).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    expect(attempts).toBe(3)
  })
})

describe('axios-retry', () => {
  it('waits for nothing between attempts unless it is told to', async () => {
    let attempts = 0
    const failing = await serve((_request, response) => response.writeHead(++attempts < 4 ? 500 : 200).end())
    const client = axios.create({ proxy: false })
    const delays: unknown[] = []
    axiosRetry(client, {
      onRetry: (_count, _error, config) => void delays.push(config['axios-retry']?.retryDelay?.(1, _error)),
    })
    expect((await client.get(failing)).status).toBe(200)
    expect(delays).toEqual([0, 0, 0])
  })
})

describe('cockatiel', () => {
  it('goes on with its backoff after an abort, and calls once more', async () => {
    const controller = new AbortController()
    let calls = 0
    let isOver = false
    const policy = retry(handleAll, { maxAttempts: 1, backoff: new ConstantBackoff(300) })
    const call = policy.execute(() => {
      calls++
      return Promise.reject(new Error('down'))
    }, controller.signal)
    const end = call.catch(() => (isOver = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isOver).toBe(false)
    await end
    expect(calls).toBe(2)
  })

  it('says nothing of the time that is left when its circuit refuses', async () => {
    const policy = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(1) })
    const down = () => Promise.reject(new Error('down'))
    await policy.execute(down).catch(() => {})
    const refusal: unknown = await policy.execute(down).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(BrokenCircuitError)
    expect(Object.keys(refusal as object)).not.toContainEqual(expect.stringMatching(/after|until|remaining/i))
  })

  it('restores an open circuit with the time that was left', async () => {
    const options = { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(1) }
    const policy = circuitBreaker(handleAll, options)
    await policy.execute(() => Promise.reject(new Error('down'))).catch(() => {})
    const state = policy.toJSON() as { ownState: { openedAt: number } }
    expect(state.ownState.openedAt).toBeGreaterThan(Date.now() - 5_000)
  })
})

describe('undici RetryAgent', () => {
  it('goes on with a body that broke off, where it broke off', async () => {
    const ranges: (string | undefined)[] = []
    const cut = await serve((incoming, response) => {
      ranges.push(incoming.headers.range)
      const isRest = incoming.headers.range !== undefined
      response.writeHead(isRest ? 206 : 200, {
        'content-length': isRest ? 3 : 6,
        etag: '"one"',
        ...(isRest ? { 'content-range': 'bytes 3-5/6' } : {}),
      })
      if (isRest) response.end('def')
      else response.write('abc', () => setTimeout(() => response.destroy(), 20))
    })
    const agent = new RetryAgent(new Agent(), { minTimeout: 1 })
    const { body } = await request(cut, { dispatcher: agent })
    expect(await body.text()).toBe('abcdef')
    expect(ranges).toEqual([undefined, 'bytes=3-5'])
    await agent.close()
  })
})

describe('bottleneck', () => {
  it('serves what waits by priority, and counts jobs by weight', async () => {
    const order: string[] = []
    let finish: () => void = () => {}
    const first = new Promise<void>((resolve) => {
      finish = resolve
    })
    const limiter = new Bottleneck({ maxConcurrent: 2 })
    const job = (name: string, options: Bottleneck.JobOptions, work: Promise<void> = Promise.resolve()) =>
      limiter.schedule(options, () => {
        order.push(name)
        return work
      })
    const heavy = job('heavy', { weight: 2 }, first)
    const others = [job('later', { priority: 9, weight: 2 }), job('sooner', { priority: 1, weight: 2 })]
    while (limiter.counts().QUEUED < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['heavy'])
    finish()
    await Promise.all([heavy, ...others])
    expect(order).toEqual(['heavy', 'sooner', 'later'])
  })
})

import { describe, expect, it } from 'vitest'
import type { FetchOptions, Priority } from '../../src/index.ts'
import { answer, harness } from './harness.ts'

const host = 'https://api.example.com'

/** Calls while the limit is paused, one every 100 ms; returns the order in which they are sent. */
async function orderOf(priorities: readonly Priority[], options: FetchOptions = {}): Promise<string> {
  const { fetch, clock, transport } = harness([() => answer(429, { 'retry-after': '2' }), () => answer(200)], options)
  const calls = [fetch(`${host}/0`, { priority: 'low' })]
  for (const [index, priority] of priorities.entries()) {
    await clock.advance(100)
    calls.push(fetch(`${host}/${index + 1}`, { priority }))
  }
  await clock.runUntil(Promise.all(calls))
  return transport.calls.map(({ url }) => url.slice(-1)).join('')
}

describe('createFetch: the priority of a call', () => {
  it('decides who goes first after a pause, and the order of the calls decides among equals', async () => {
    expect(await orderOf(['low', 'auto', 'high', 'auto', 'high', 'low'])).toBe('0' + '35' + '24' + '0' + '16')
  })

  it('is passed on to the transport', async () => {
    const { run, transport } = harness([answer(200)])
    await run(`${host}/`, { priority: 'high' } as RequestInit)
    expect(transport.calls[0]?.init).toMatchObject({ priority: 'high' })
  })

  it('comes from `priorityOf` where the call does not say', async () => {
    const rateLimit = {
      priorityOf: ({ method, url }: { method: string; url: string }): Priority =>
        method === 'GET' && url.endsWith('/3') ? 'high' : 'low',
    }
    expect(await orderOf(['auto', 'auto', 'auto', 'high'], { rateLimit })).toBe('0' + '34' + '0' + '12')
  })

  it('is auto for what `priorityOf` says that is none', async () => {
    const rateLimit = { priorityOf: () => 'urgent' as Priority }
    expect(await orderOf(['low', 'auto', 'high'], { rateLimit })).toBe('0' + '3' + '2' + '0' + '1')
  })

  it('lets the more urgent overtake for ten seconds only, and for twenty over two classes', async () => {
    const { fetch, clock, transport } = harness([() => answer(429, { 'retry-after': '40' }), () => answer(200)], {
      deadlineMs: false,
      retry: false,
    })
    const calls = [fetch(`${host}/0`)]
    await clock.flush()
    const at = async (name: string, priority: Priority, atMs: number) => {
      await clock.advance(atMs - clock.monotonicMs())
      calls.push(fetch(`${host}/${name}`, { priority }))
      await clock.flush()
    }
    await at('l', 'low', 0)
    await at('a', 'auto', 1)
    await at('1', 'high', 10_000)
    await at('2', 'high', 10_002)
    await at('3', 'high', 19_999)
    await at('4', 'high', 20_001)
    await clock.runUntil(Promise.all(calls))
    expect(transport.calls.map(({ url }) => url.slice(-1)).join('')).toBe('01a23l4')
  })

  it('decides who gets the next slot of the bulkhead', async () => {
    const waiting: (() => void)[] = []
    const { fetch, clock, transport } = harness(
      [() => new Promise<Response>((resolve) => waiting.push(() => resolve(answer(200))))],
      { bulkhead: { maxConcurrent: 1 } },
    )
    const calls = (['auto', 'low', 'auto', 'high'] as const).map((priority, n) => fetch(`${host}/${n}`, { priority }))
    for (const _ of calls) {
      await clock.flush()
      waiting.shift()?.()
    }
    await Promise.all(calls)
    expect(transport.calls.map(({ url }) => url.slice(-1)).join('')).toBe('0321')
  })

  it('leaves no place behind when the call aborts', async () => {
    const { fetch, clock, transport } = harness([() => answer(429, { 'retry-after': '2' }), () => answer(200)], {
      retry: false,
    })
    const calls = [fetch(`${host}/0`)]
    await clock.flush()
    const controller = new AbortController()
    const gone = fetch(`${host}/1`, { priority: 'high', signal: controller.signal }).catch(() => 'gone')
    calls.push(fetch(`${host}/2`, { priority: 'low' }))
    await clock.flush()
    controller.abort()
    expect(await gone).toBe('gone')
    await clock.runUntil(Promise.all(calls))
    expect(transport.calls).toHaveLength(2)
    expect(clock.pendingTimers).toBe(0)
  })
})

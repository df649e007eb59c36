import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/index.ts'
import { baseUrl, failureOf, type Harness, harness } from './harness.ts'

/** An answer of which one chunk comes, and then nothing any more. */
function stalled(status = 200): Response {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')) })
  return new Response(body, { status, headers: { 'content-type': 'application/json' } })
}

/** A client whose answers take 400 ms, within a deadline of one second. */
function slowly(answer: () => Response): Harness {
  const slow = harness([() => slow.clock.sleep(400).then(answer)], { baseUrl, deadlineMs: 1_000, retry: false })
  return slow
}

describe('the deadline of a client', () => {
  it.each(['json', 'text', 'arrayBuffer', 'blob', 'formData', 'bytes'] as const)(
    'ends %s() of a body that stalls',
    async (kind) => {
      const { client, clock, failure } = slowly(() => stalled())
      expect(await failure(client.get('/x')[kind]())).toMatchObject({
        code: 'timeout',
        reason: 'total',
        phase: 'body',
        delivery: 'answered',
        upstream: { status: 200 },
      })
      expect(clock.monotonicMs()).toBe(1_000)
      expect(clock.pendingTimers).toBe(0)
    },
  )

  it('has passed for a body that is read too late', async () => {
    const { client, clock, run, failure } = slowly(() => stalled())
    const promise = client.get('/x')
    await run(promise)
    await clock.advance(5_000)
    expect((await failure(promise.json())).reason).toBe('total')
  })

  it('leaves no timer behind for a body that comes', async () => {
    const { client, clock, run } = slowly(() => Response.json({ a: 1 }))
    expect(await run(client.get('/x').json())).toEqual({ a: 1 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends the reading of what a failed answer says', async () => {
    const { client, clock, failure } = slowly(() => stalled(500))
    expect((await failure(client.get('/x').json())).upstream?.status).toBe(500)
    expect(clock.monotonicMs()).toBe(1_000)
  })

  it('is that of the function of createFetch that it was given', async () => {
    const { clock, transport } = slowly(() => stalled())
    const fetch = createFetch({ fetch: transport, clock, deadlineMs: 700 })
    const { client } = harness([new Response()], { fetch, baseUrl, clock: undefined, random: undefined } as never)
    const failure = failureOf(client.get('/x').json())
    await clock.runUntil(failure)
    expect(clock.monotonicMs()).toBe(700)
  })

  it('is not for a Response that the caller reads', async () => {
    const { client, clock, run } = slowly(() => stalled())
    const { body } = await run(client.get('/x'))
    await clock.advance(5_000)
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).done).toBe(false)
  })
})

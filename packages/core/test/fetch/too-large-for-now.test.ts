import { describe, expect, it } from 'vitest'
import { explain } from '../../src/index.ts'
import { answer, harness, url } from './harness.ts'

const post = { method: 'POST', body: 'x' } as const
const tooLarge = (retryAfter: string) => () => answer(413, { 'retry-after': retryAfter })

describe('createFetch: a 413 with Retry-After', () => {
  it('is waited for and sent again, also with a method that is not idempotent', async () => {
    const { run, clock, transport, heard } = harness([tooLarge('5'), answer(201)])
    expect((await run(url, post)).status).toBe(201)
    expect(transport.calls.map(({ init }) => init?.body)).toEqual(['x', 'x'])
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5_000)
    expect(heard.of('retry:scheduled')).toMatchObject([{ code: 'invalid_request', serverWaitMs: 5_000 }])
    // One body was too large; that holds no other call back.
    expect(heard.of('limit:paused')).toEqual([])
  })

  it.each([
    ['does not fit the deadline', '60'],
    ['is absurd', '864000'],
  ])('is returned when the wait %s', async (_, retryAfter) => {
    const { run, transport } = harness([tooLarge(retryAfter)], { deadlineMs: 30_000 })
    const response = await run(url, post)
    expect([response.status, transport.calls.length]).toEqual([413, 1])
    expect(explain(response)).toMatchObject({ stop: 'deadline', error: { reason: 'too_large' } })
  })

  it('is returned when the wait is absurd and there is no deadline', async () => {
    const { run } = harness([tooLarge('864000')], { deadlineMs: false })
    expect(explain(await run(url, post))).toMatchObject({ stop: 'deadline' })
  })

  it('is returned when the body can be sent only once', async () => {
    const { run, transport } = harness([tooLarge('1')])
    const body = new Blob(['x']).stream()
    const response = await run(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(explain(response)?.stop).toBe('body_not_replayable')
    expect(transport.calls).toHaveLength(1)
  })

  it('is returned when a POST was redirected to it', async () => {
    const redirected = () => Object.defineProperty(tooLarge('1')(), 'redirected', { value: true })
    const { run } = harness([redirected])
    expect(explain(await run(url, post))?.stop).toBe('unsafe')
  })

  it('is returned at once without a time', async () => {
    const { run } = harness([answer(413)])
    expect(explain(await run(url, { method: 'PUT', body: 'x' }))?.stop).toBe('not_retryable')
  })
})

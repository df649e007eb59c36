import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { fakeTarget, type GatewayFixture, gatewayFixture } from './gateway-fixture.ts'

/** A buffer on a server whose answer to the appending of `lost` is lost: it is stored, and the call rejects. */
function losingAnswers(memory: EventBuffer, lost: string): EventBuffer {
  return {
    ...memory,
    async append(events) {
      const results = await memory.append(events)
      if (events.some(({ body }) => new TextDecoder().decode(body) === lost))
        throw new BufferError('buffer_failed', 'The server did not answer within 10000 ms.')
      return results
    },
  }
}

/** A gateway that holds `z-1`, and `a-1`, whose sender was told 503. */
async function withStray(): Promise<GatewayFixture> {
  const clock = fakeClock()
  const buffer = losingAnswers(memoryBuffer({ clock }), 'a-1')
  const fixture = await gatewayFixture({ buffer }, fakeTarget(), clock)
  fixture.gateway.hold()
  expect((await fixture.post('z-1')).status).toBe(200)
  expect((await fixture.post('a-1')).status).toBe(503)
  return fixture
}

describe('a request whose sender was told 503 although it is stored', () => {
  it('is no request less in the backlog when it is delivered', async () => {
    const { gateway, post, quiet, target, clock } = await withStray()
    expect((await post('b-1')).status).toBe(200)
    gateway.release()
    await quiet()
    await clock.advance(60_000)
    expect(target.taken).toEqual(['z-1', 'a-1', 'b-1'])
    expect(gateway.snapshot()).toMatchObject({ backlog: 0, mode: 'proxy' })
    await gateway.stop()
  })

  it('lets no newer request of its key pass one that waits', async () => {
    const { gateway, post, quiet, target, clock } = await withStray()
    let refusing = true
    const took = target.answer
    target.answer = (body, request) =>
      refusing && body === 'a-2' ? new Response(null, { status: 500 }) : took(body, request)
    expect((await post('a-2')).status).toBe(200)
    gateway.release()
    await quiet()
    // a-1 is delivered, and a-2 waits for its next attempt.
    expect(target.taken).toEqual(['z-1', 'a-1'])
    await post('a-3')
    await quiet()
    refusing = false
    await clock.advance(60_000)
    expect(target.taken).toEqual(['z-1', 'a-1', 'a-2', 'a-3'])
    await gateway.stop()
  })
})

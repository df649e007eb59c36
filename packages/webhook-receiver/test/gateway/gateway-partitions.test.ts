import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { GatewayOptions } from '../../src/gateway/index.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

it.each([
  ['of a key', {}],
  ['of all where there is no key', { orderingKey: undefined }],
] as [string, Partial<GatewayOptions>][])(
  'keeps the order %s in a buffer with several partitions, as those on servers have by default',
  async (_, options) => {
    const clock = fakeClock()
    const target = fakeTarget()
    const { gateway, post } = await gatewayFixture(
      { buffer: memoryBuffer({ clock, partitions: 16 }), ...options },
      target,
      clock,
    )
    const bodies = Array.from({ length: 20 }, (_unused, index) => `a-${index}`)
    gateway.hold()
    for (const body of bodies) expect((await post(body)).status).toBe(200)
    gateway.release()
    await clock.advance(60_000)
    expect(target.taken).toEqual(bodies)
    await gateway.stop()
  },
)

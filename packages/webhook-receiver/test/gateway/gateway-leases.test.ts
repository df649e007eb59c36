import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

/** A buffer on a server: the gateway before this one was killed, so its lease runs on. */
function withLeaseOfTheDead(memory: EventBuffer): EventBuffer {
  return {
    ...memory,
    caps: { ...memory.caps, multiProcess: true },
    async openConsumer(name, options) {
      const consumer = await memory.openConsumer(name, options)
      await consumer.acquire({ owner: 'dead', leaseMs: 20_000 })
      return consumer
    },
  }
}

it('lets nothing pass what a killed run left, while its leases run on', async () => {
  const clock = fakeClock()
  const memory = memoryBuffer({ clock })
  const target = fakeTarget()
  target.healthy = false
  const before = await gatewayFixture({ buffer: memory }, target, clock)
  await before.post('a-1')
  await before.post('a-2')
  await before.gateway.stop()

  target.healthy = true
  const { gateway, post, quiet } = await gatewayFixture({ buffer: withLeaseOfTheDead(memory) }, target, clock)
  await quiet()
  const after = gateway.snapshot()
  await post('a-3')
  await quiet()
  await clock.advance(120_000)
  expect(after).toMatchObject({ mode: 'drain', backlog: 2 })
  expect(target.taken).toEqual(['a-1', 'a-2', 'a-3'])
  await gateway.stop()
})

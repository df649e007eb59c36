import { expect, test } from 'vitest'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { drainFixture, event } from './drain-fixture.ts'

test('what was parked of a partition that went while its lanes were asked for does not count any more', async () => {
  const gate: { opened?: Promise<void>; open: () => void } = { open: () => {} }
  let isHeld = true
  const wrap = (inner: Consumer): Consumer => ({
    ...inner,
    // It has changed once the gate is there.
    asideMark: async () => String(gate.opened === undefined),
    parkedLanes: async (lease) => {
      const lanes = await inner.parkedLanes(lease)
      await gate.opened
      return lanes
    },
    renew: async (lease, leaseMs) => isHeld && inner.renew(lease, leaseMs),
  })
  const fixture = await drainFixture(
    {
      handle: () => {
        throw new Error('no')
      },
      orderingKey: ({ key }) => key,
      maxAttempts: 1,
      onExhausted: 'blockKey',
    },
    [event('a')],
    { wrap },
  )
  const { drain, quiet, clock } = fixture
  drain.start()
  await quiet()
  expect(drain.snapshot()).toMatchObject({ parked: 1, blockedKeys: 1 })
  gate.opened = new Promise((resolve) => {
    gate.open = resolve
  })
  const looked = drain.lookAside()
  await quiet()
  // Somebody else has the partition now.
  isHeld = false
  await clock.advance(10_000)
  gate.open()
  await looked
  expect(drain.snapshot()).toMatchObject({ parked: 0, blockedKeys: 0 })
  await drain.stop({ timeoutMs: 0 })
})

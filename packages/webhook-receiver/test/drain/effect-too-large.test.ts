import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { memoryIdempotencyStore } from '../../src/idempotency/memory-idempotency-store.ts'
import { drainFixture, event } from './drain-fixture.ts'

test('an effect whose result is larger than the store takes happens once all the same', async () => {
  const clock = fakeClock()
  const memory = memoryIdempotencyStore({ clock })
  let charges = 0
  const fixture = await drainFixture(
    {
      // The database adapters take less than the memory does.
      idempotency: memory,
      handle: async (_, { once }) => {
        await once('charge', () => {
          charges += 1
          return 'x'.repeat(memory.caps.maxResultBytes)
        })
      },
    },
    [event('a')],
    { clock },
  )
  fixture.drain.start()
  await fixture.quiet()
  await clock.advance(600_000)
  expect(charges).toBe(1)
  await fixture.drain.stop({ timeoutMs: 0 })
})

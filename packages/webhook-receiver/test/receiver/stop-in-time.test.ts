import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

test('stops within its time, also while a destination is being disabled with more', async () => {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: { crm: { handle: () => new Promise(() => {}), timeoutMs: Infinity } },
  })
  await receiver.start()
  await buffer.append([event('a')])
  await clock.advance(100)
  const disabled = receiver.destination('crm').disable({ timeoutMs: 600_000 })
  let isStopped = false
  const stopped = receiver.stop({ timeoutMs: 1_000 }).then(() => (isStopped = true))
  await clock.advance(1_000)
  const inTime = isStopped
  await clock.advance(600_000)
  await Promise.all([disabled, stopped])
  expect(inTime).toBe(true)
})

import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { Receiver } from '../../src/receiver/receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

/** A receiver that only takes webhooks, while a `drainOnce` delivers one event per 100 ms. */
async function passing() {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const taken: string[] = []
  const receiver: Receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: { crm: { handle: ({ id }) => void taken.push(id), ratePerSecond: 10 } },
  })
  await receiver.start({ drain: false })
  await buffer.append(Array.from({ length: 50 }, (_, index) => event(`a${index}`)))
  const pass = receiver.drainOnce({ deadlineMs: 20_000 })
  await clock.advance(1_000)
  return { clock, buffer, taken, receiver, pass, control: receiver.destination('crm') }
}

describe('while drainOnce delivers for a receiver that only takes webhooks', () => {
  test('pause holds its destination', async () => {
    const { clock, taken, receiver, pass, control } = await passing()
    control.pause()
    const before = taken.length
    await clock.advance(1_000)
    expect(taken.length).toBe(before)
    await receiver.stop()
    await pass.catch(() => {})
  })

  test('disable stops its destination', async () => {
    const { clock, taken, receiver, pass, control } = await passing()
    await control.disable()
    const before = taken.length
    await clock.advance(1_000)
    expect(taken.length).toBe(before)
    await clock.runUntil(receiver.stop())
    await pass.catch(() => {})
  })

  test('detach ends its destination', async () => {
    const { clock, taken, receiver, pass, control } = await passing()
    await control.detach()
    const before = taken.length
    await clock.advance(5_000)
    expect(taken.length).toBe(before)
    await clock.runUntil(receiver.stop())
    await pass.catch(() => {})
  })
})

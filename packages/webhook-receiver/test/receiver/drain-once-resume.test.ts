import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

test('nothing is left running by drainOnce when a destination is resumed while it ends', async () => {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const taken: string[] = []
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: { slow: { handle: () => new Promise(() => {}) }, crm: { handle: ({ id }) => void taken.push(id) } },
  })
  await receiver.start({ drain: false })
  const crm = receiver.destination('crm')
  await crm.disable()
  await buffer.append([event('a')])
  const pass = receiver.drainOnce({ deadlineMs: 4_000, graceMs: 1_000 })
  // Its last second: the handler of the other destination is waited for.
  await clock.advance(3_500)
  crm.resume()
  await clock.advance(1_000)
  await clock.runUntil(pass)
  const before = taken.length
  await buffer.append([event('b')])
  await clock.advance(10_000)
  expect(taken.length).toBe(before)
  expect((await crm.status()).state).not.toBe('draining')
  await clock.runUntil(receiver.stop())
})

test('disabling one destination does not end drainOnce for the others', async () => {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const taken: string[] = []
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: {
      other: { handle: ({ id }) => void taken.push(id), ratePerSecond: 10 },
      crm: { handle: () => {}, ratePerSecond: 10 },
    },
  })
  await receiver.start({ drain: false })
  await buffer.append(Array.from({ length: 50 }, (_, index) => event(`a${index}`)))
  const pass = receiver.drainOnce({ deadlineMs: 20_000 })
  pass.catch(() => {})
  await clock.advance(1_000)
  await receiver.destination('crm').disable()
  await clock.advance(10_000)
  expect(await pass).toMatchObject({ endedBy: 'empty' })
  expect(taken.length).toBe(50)
  await clock.runUntil(receiver.stop())
})

import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

test('a destination that could not be forgotten can be detached again', async () => {
  const clock = fakeClock()
  const memory = memoryBuffer({ clock })
  let fails = 1
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer: {
      ...memory,
      removeConsumer: async (name) => {
        if (fails-- > 0) throw new BufferError('buffer_failed', 'Not now.')
        await memory.removeConsumer(name)
      },
    },
    clock,
    random: halfway,
    destinations: { crm: { handle: () => {} } },
  })
  await receiver.start()
  await memory.append([event('a')])
  const control = receiver.destination('crm')
  await expect(control.detach()).rejects.toThrow('Not now.')
  await control.detach()
  expect((await memory.stats()).consumers).toEqual([])
  await receiver.stop()
})

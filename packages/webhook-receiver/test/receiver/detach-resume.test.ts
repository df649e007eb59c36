import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { MemoryFileSystem } from '../disk/memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer } from '../disk/sample-buffer.ts'
import { halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

test('a destination that was forgotten in part is not resumed, and can be detached again', async () => {
  const clock = fakeClock()
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, { clock })
  const failures: unknown[] = []
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: { crm: { handle: () => {} } },
  })
  receiver.on('drain:failed', ({ error }) => failures.push(error))
  await receiver.start()
  const crm = receiver.destination('crm')
  fileSystem.fault = (operation, path) =>
    operation === 'remove' && path.startsWith(`${DIRECTORY}/cur/`) ? 'EIO' : undefined
  await expect(crm.detach()).rejects.toMatchObject({ reason: 'buffer_failed' })
  fileSystem.fault = undefined
  expect(() => crm.resume()).toThrow('detached')
  await clock.advance(120_000)
  expect(failures).toEqual([])
  await crm.detach()
  expect((await crm.status()).mode).toBe('detached')
  await clock.runUntil(receiver.stop())
})

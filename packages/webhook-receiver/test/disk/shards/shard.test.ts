import { expect, test } from 'vitest'
import type { BufferStats } from '../../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../../src/buffer/memory-buffer.ts'
import { Shard } from '../../../src/disk/shards/shard.ts'

test('a shard whose backlog cannot be read the second time is not given back', async () => {
  const buffer = memoryBuffer()
  await buffer.open()
  const broken = new Error('EIO')
  const answers: (() => Promise<BufferStats>)[] = [buffer.stats.bind(buffer), () => Promise.reject(broken)]
  const shard = new Shard(1, { ...buffer, stats: () => (answers.shift() ?? buffer.stats.bind(buffer))() })
  await shard.consumer('c', 'earliest')
  await expect(shard.release()).rejects.toBe(broken)
  expect(await shard.call('c', async ({ name }) => name)).toBe('c')
  expect(await shard.release()).toBe(true)
  await expect(shard.call('c', async ({ name }) => name)).rejects.toMatchObject({ reason: 'stale_lease' })
})

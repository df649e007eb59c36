import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { diskBuffer } from '../../../src/disk/index.ts'
import { numberedEvent } from '../sample-buffer.ts'

test('threads of one process have a shard each, and leave it when they end', { timeout: 30_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-threads-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const owner = new URL('shard-owner.ts', import.meta.url)
  const workers = [1, 2, 3].map(
    (number) => new Worker(owner, { argv: [directory, String(number)], execArgv: ['--conditions=@holdfast/source'] }),
  )
  for (const answer of await Promise.all(workers.map((worker) => once(worker, 'message'))))
    expect(answer).toMatchObject([[{ status: 'appended' }]])
  expect((await readdir(directory)).filter((name) => name.startsWith('shard-')).toSorted()).toEqual([
    'shard-0',
    'shard-1',
    'shard-2',
  ])
  await Promise.all(workers.map((worker) => worker.terminate()))

  // What a thread had stored is known to whoever opens its shard.
  const buffer = diskBuffer({ directory, shards: 'auto' })
  await buffer.open()
  const results = await buffer.append([1, 2, 3].map((number) => numberedEvent(number)))
  expect(results.filter(({ status }) => status === 'duplicate')).toHaveLength(1)
  await buffer.close()
})

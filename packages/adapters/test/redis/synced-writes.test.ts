import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import type { SingleRedisLike } from '../../src/redis/client.ts'
import { openSyncedWrites, type SyncedWrites } from '../../src/redis/synced-writes.ts'

/** A server that has everything on its disk, under the name of its run. */
async function serverOf(run: string): Promise<{ readonly writes: SyncedWrites; restart(run: string): void }> {
  let current = run
  const info = (): string => `run_id:${current}\r\ncluster_enabled:0\r\n`
  const answers: Readonly<Record<string, () => unknown>> = {
    CLIENT: () => 7,
    EVAL: () => current,
    WAITAOF: () => [1, 0],
    INFO: info,
  }
  const client: SingleRedisLike = {
    defineCommand: () => undefined,
    eval: () => Promise.reject(new Error('is not used')),
    callBuffer: async (command) => answers[command]?.(),
  }
  const keys = ['key', 'key:meta'] as const
  const options = { client, replicas: 0, clock: fakeClock(), timeoutMs: 1_000 }
  return {
    writes: await openSyncedWrites(options, keys, [info()]),
    restart(next) {
      current = next
    },
  }
}

describe('openSyncedWrites', () => {
  it('takes no word of a server that was started since: what was stored before it may never have had', async () => {
    const { writes, restart } = await serverOf('a1')
    await writes.wait([writes.keeperOf(0)])
    restart('b2')
    await expect(writes.wait([writes.keeperOf(0)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    // What was stored under its new name it has.
    await writes.wait([writes.keeperOf(0)])
  })

  it('takes it for none of those who waited already, neither at once nor for the next time', async () => {
    const { writes, restart } = await serverOf('a1')
    restart('b2')
    const waits = await Promise.allSettled([
      writes.wait([writes.keeperOf(0)]),
      writes.wait([writes.keeperOf(0)]),
      writes.wait([writes.keeperOf(0)]),
    ])
    expect(waits.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await writes.wait([writes.keeperOf(0)])
  })

  it('takes no word of it either when others have heard of it between the answer and the wait', async () => {
    const { writes, restart } = await serverOf('a1')
    const before = writes.keeperOf(0)
    restart('b2')
    await expect(writes.wait([writes.keeperOf(0)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    await writes.wait([writes.keeperOf(0)])
    await expect(writes.wait([before])).rejects.toMatchObject({ reason: 'buffer_failed' })
  })

  it('gives up in time when the connection does not answer', async () => {
    const client: SingleRedisLike = {
      defineCommand: () => undefined,
      eval: () => Promise.reject(new Error('is not used')),
      callBuffer: () => new Promise(() => {}),
    }
    const clock = fakeClock()
    const opening = openSyncedWrites({ client, replicas: 0, clock, timeoutMs: 300 }, ['key', 'key:meta'], [])
    const rejected = expect(opening).rejects.toMatchObject({
      reason: 'buffer_unusable',
      cause: { message: 'Redis did not answer within 300 ms.' },
    })
    await clock.advance(300)
    await rejected
  })
})

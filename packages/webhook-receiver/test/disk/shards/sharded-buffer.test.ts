import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type {
  Consumer,
  DeadLetter,
  EventBuffer,
  Lease,
  OpenReport,
  StoredEvent,
} from '../../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent } from '../sample-buffer.ts'

const SETTLED_MS = 3_000

describe('diskBuffer with shards', () => {
  test('gives each process the first shard that is free', async () => {
    const { open } = machine()
    const [first, second, third] = [await open(), await open(), await open()]
    await first.append([numberedEvent(1)])
    expect(await second.append([numberedEvent(2)])).toMatchObject([{ status: 'appended', partition: 1 }])
    expect(await third.append([numberedEvent(3)])).toMatchObject([{ partition: 2 }])
    await second.close()
    const fourth = await open()
    expect(await fourth.append([numberedEvent(4)])).toMatchObject([{ partition: 1 }])
  })

  test('lets a process take over what one has left that ended, and go on in its order with its attempts', async () => {
    const { clock, open } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    await dying.openConsumer('c')
    const stored = await dying.append([numberedEvent(1), numberedEvent(2), numberedEvent(3), numberedEvent(4)])
    const before = await leases(dying)
    const [at1 = '', at2 = ''] = stored.map(({ position }) => position)
    await before.consumer.commit(before.of(1), { done: [at1], retry: [{ position: at2, attempts: 3, nextAt: 5 }] })
    await dying.close()
    await clock.advance(SETTLED_MS)
    const after = await leases(living)
    expect(after.all.map(({ partition }) => partition)).toEqual([0, 1])
    const { lowWater, retry } = await after.consumer.load(after.of(1))
    expect({ lowWater, retry }).toEqual({ lowWater: at1, retry: [{ position: at2, attempts: 3, nextAt: 5 }] })
    const events = await readOn(after.consumer, after.of(1), lowWater)
    expect(events.map(({ id, partition }) => [id, partition])).toEqual([
      ['evt_2', 1],
      ['evt_3', 1],
      ['evt_4', 1],
    ])
    // It puts its own events into its own shard all the same.
    expect(await living.append([numberedEvent(9)])).toMatchObject([{ partition: 0 }])
    expect(await living.stats()).toMatchObject({ events: 5, consumers: [{ name: 'c', backlog: 4 }] })
  })

  test('gives a shard back when it is empty, so that the next process can have it, and does not take it again', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    const [stored] = await dying.append([numberedEvent(1)])
    await dying.close()
    await clock.advance(SETTLED_MS)
    const { consumer, of } = await leases(living)
    const waiting = consumer.read(of(1), stored?.position ?? '', { limit: 1, maxBytes: 1, waitMs: 60_000 })
    const ended = expect(waiting).rejects.toMatchObject({ reason: 'stale_lease' })
    await consumer.commit(of(1), { done: [stored?.position ?? ''] })
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0])
    await ended
    await expect(consumer.commit(of(1), {})).rejects.toMatchObject({ reason: 'stale_lease' })
    expect(await consumer.renew(of(1), 1000)).toBe(false)
    const meta = Buffer.from(fileSystem.read(`${DIRECTORY}/shard-1/META`))
    await leases(living)
    expect(fileSystem.read(`${DIRECTORY}/shard-1/META`)).toEqual(meta)
    const next = await open()
    expect(await next.append([numberedEvent(2)])).toMatchObject([{ partition: 1 }])
    await next.close()
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 1])
  })

  test('takes a shard again that another process had as soon as it was given back, before anything else was done', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    const [stored] = await dying.append([numberedEvent(1)])
    await dying.close()
    const lock = fileSystem.lock.bind(fileSystem)
    fileSystem.lock = async (path) => {
      const held = await lock(path)
      return {
        async release() {
          await held.release()
          fileSystem.lock = lock
          const next = await open()
          await next.append([numberedEvent(2)])
          await next.close()
        },
      }
    }
    await clock.advance(SETTLED_MS)
    const { consumer, of } = await leases(living)
    await consumer.commit(of(1), { done: [stored?.position ?? ''] })
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 1])
  })

  test('takes over one shard at a time, and only after processes that start together have had theirs', async () => {
    const { clock, open } = machine()
    const dying = [await open(), await open(), await open()]
    for (const [index, buffer] of dying.entries()) {
      await buffer.append([numberedEvent(index)])
      await buffer.close()
    }
    const living = await open()
    await living.openConsumer('c')
    const held = async (): Promise<number> => (await leases(living)).all.length
    expect(await held()).toBe(1)
    await clock.advance(SETTLED_MS)
    expect([await held(), await held(), await held()]).toEqual([2, 3, 3])
  })

  test('passes over a shard that cannot be opened, after the others were looked at, and says so once', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, first, second] = [await open(), await open(), await open()]
    await living.openConsumer('c')
    for (const buffer of [first, second]) {
      await buffer.append([numberedEvent(1)])
      await buffer.close()
    }
    fileSystem.fault = (operation, path) =>
      operation === 'read' && path.includes('shard-1/META') ? 'EACCES' : undefined
    await clock.advance(SETTLED_MS)
    await expect(leases(living)).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('shard-1') as string,
    })
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 2])
    fileSystem.fault = undefined
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 2, 1])
  })

  test('takes a shard for empty only when its consumers could be registered', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    await dying.append([numberedEvent(1)])
    await dying.close()
    fileSystem.fault = (_, path) => (path.includes('shard-1/cur/') ? 'ENOSPC' : undefined)
    await clock.advance(SETTLED_MS)
    await expect(leases(living)).rejects.toThrow(/ENOSPC|No space/)
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0])
    fileSystem.fault = undefined
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 1])
  })

  test('looks again into a shard that was empty for others when a consumer comes', async () => {
    const { clock, open } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('other', { from: 'latest' })
    await dying.openConsumer('c')
    await dying.openConsumer('other')
    const [stored] = await dying.append([numberedEvent(1)])
    const other = await dying.openConsumer('other')
    const [lease] = await other.acquire({ owner: 'test', leaseMs: 1000 })
    if (lease !== undefined) await other.commit(lease, { done: [stored?.position ?? ''] })
    await dying.close()
    await clock.advance(SETTLED_MS)
    const seen = await living.openConsumer('other')
    expect(await seen.acquire({ owner: 'test', leaseMs: 1000 })).toHaveLength(1)
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 1])
  })

  test('tells what opening a shard found that it takes over', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    await dying.openConsumer('c')
    await dying.append([numberedEvent(1)])
    await dying.close()
    fileSystem.replace(`${DIRECTORY}/shard-1/cur/c.cur`, Buffer.alloc(8192))
    const told: OpenReport[] = []
    const end = living.onAdopted?.((report) => told.push(report))
    await clock.advance(SETTLED_MS)
    await leases(living)
    expect(told).toMatchObject([{ warnings: [{ reason: 'cursor_lost' }] }])
    end?.()
  })

  test('goes on when a shard that it gives back cannot be closed', async () => {
    const { clock, open, fileSystem } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    const [stored] = await dying.append([numberedEvent(1)])
    await dying.close()
    await clock.advance(SETTLED_MS)
    const { consumer, of } = await leases(living)
    await consumer.commit(of(1), { done: [stored?.position ?? ''] })
    fileSystem.fault = (operation, path) =>
      ['write', 'datasync'].includes(operation) && path.includes('shard-1') ? 'EIO' : undefined
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0])
    fileSystem.fault = undefined
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0])
  })

  test('lists, redrives and purges the dead letters of what it holds, each in its own shard', async () => {
    const { clock, open } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    for (const buffer of [living, dying]) await buffer.append([numberedEvent(1), numberedEvent(2)])
    await dying.close()
    await clock.advance(SETTLED_MS)
    const { consumer, all, of } = await leases(living)
    const why = { attempts: 1, at: 1, message: 'refused' }
    for (const lease of all) {
      const events = await readOn(consumer, lease, null)
      await consumer.deadLetter(
        lease,
        events.slice(0, 1).map((event) => ({ event, lane: 'a', redrives: 0, why })),
      )
    }
    const letters: DeadLetter[] = []
    for await (const letter of consumer.deadLetters()) letters.push(letter)
    expect(letters.map(({ event }) => [event.id, event.partition])).toEqual([
      ['evt_1', 0],
      ['evt_1', 1],
    ])
    const [own, adopted] = letters.map(({ event: { partition, position } }) => ({ partition, position }))
    if (own === undefined || adopted === undefined) throw new Error('There are two dead letters.')
    expect(await consumer.redrive([adopted])).toBe(1)
    expect(await consumer.readParked(of(1), 'a', { limit: 9, maxBytes: 1e9 })).toMatchObject([
      { parked: { event: { id: 'evt_1', partition: 1 } } },
    ])
    expect(await consumer.parkedLanes(of(0))).toEqual([])
    expect(await consumer.purge([own, adopted])).toBe(1)
  })

  test('keeps a shard in which something is just being redriven', async () => {
    const { clock, open } = machine()
    const [living, dying] = [await open(), await open()]
    await living.openConsumer('c')
    await dying.append([numberedEvent(1)])
    await dying.close()
    await clock.advance(SETTLED_MS)
    const { consumer, of } = await leases(living)
    const [event] = await readOn(consumer, of(1), null)
    if (event === undefined) throw new Error('There is one event.')
    const why = { attempts: 1, at: 1, message: 'refused' }
    await consumer.deadLetter(of(1), [{ event, lane: 'a', redrives: 0, why }])
    const redriving = consumer.redrive([{ partition: 1, position: event.position }])
    expect((await leases(living)).all.map(({ partition }) => partition)).toEqual([0, 1])
    expect(await redriving).toBe(1)
    expect(await consumer.parkedLanes(of(1))).toMatchObject([{ lane: 'a', events: 1 }])
  })

  test('refuses a directory without shards, and without shards one that has them', async () => {
    const { open, fileSystem } = machine()
    const plain = memoryDiskBuffer(fileSystem)
    await plain.open()
    await plain.append([numberedEvent(1)])
    await plain.close()
    await expect(open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
    fileSystem.files.delete(`${DIRECTORY}/META`)
    await expect(open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
    const other = machine()
    await (await other.open()).close()
    await expect(memoryDiskBuffer(other.fileSystem).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining("shards: 'auto'") as string,
    })
  })

  test('refuses a directory of which nobody can say what is in it', async () => {
    const { open, fileSystem } = machine()
    fileSystem.list = () => Promise.reject(Object.assign(new Error('a fault of the test'), { code: 'EIO' }))
    for (const opening of [open(), memoryDiskBuffer(fileSystem).open()])
      await expect(opening).rejects.toMatchObject({
        reason: 'buffer_unusable',
        message: expect.stringContaining('EIO') as string,
      })
  })
})

/** Processes that share a directory: locks are those of its file system. */
function machine(): {
  readonly clock: FakeClock
  readonly fileSystem: MemoryFileSystem
  readonly open: () => Promise<EventBuffer>
} {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  return {
    clock,
    fileSystem,
    async open() {
      const buffer = memoryDiskBuffer(fileSystem, { shards: 'auto', clock })
      await buffer.open()
      return buffer
    },
  }
}

/** Asks for leases, as a drain does now and then. */
async function leases(buffer: EventBuffer): Promise<{
  readonly consumer: Consumer
  readonly all: readonly Lease[]
  readonly of: (partition: number) => Lease
}> {
  const consumer = await buffer.openConsumer('c')
  const all = await consumer.acquire({ owner: 'test', leaseMs: 1000 })
  return {
    consumer,
    all,
    of(partition) {
      const lease = all.find((candidate) => candidate.partition === partition)
      if (lease === undefined) throw new Error(`There is no lease of ${partition}.`)
      return lease
    },
  }
}

async function readOn(consumer: Consumer, lease: Lease, after: string | null): Promise<StoredEvent[]> {
  const entries = await consumer.read(lease, after, { limit: 100, maxBytes: 1e9, waitMs: 0 })
  return entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
}

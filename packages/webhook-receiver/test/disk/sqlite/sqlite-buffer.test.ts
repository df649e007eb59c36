import { copyFileSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EventBuffer } from '../../../src/buffer/event-buffer.ts'
import { diskBuffer, sqliteBuffer, type SqliteBufferOptions } from '../../../src/disk/index.ts'
import { type BufferHarness, bufferConformance } from '../../../src/testing/index.ts'
import { consumerOf, numberedEvent, readEverything } from '../sample-buffer.ts'

const harness: BufferHarness = {
  create: async () => {
    const place = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'))
    const clock = fakeClock()
    let lives = 1
    const directory = (): string => join(place, `life ${lives}`)
    const make = (): EventBuffer => sqliteBuffer({ directory: directory(), clock, maxEventBytes: 2 * 1024 * 1024 })
    let buffer = make()
    const dead: EventBuffer[] = []
    const openNext = async (): Promise<EventBuffer> => {
      buffer = make()
      await buffer.open()
      return buffer
    }
    return {
      buffer,
      reopen: async () => {
        await buffer.close()
        return openNext()
      },
      // What the dead one still writes, it writes where nobody looks.
      crash: () => {
        const left = directory()
        dead.push(buffer)
        lives += 1
        copyAsLeft(left, directory())
        return openNext()
      },
      advance: (ms) => clock.advance(ms),
      dispose: async () => {
        await Promise.all([buffer, ...dead].map((each) => each.close()))
        await rm(place, { recursive: true, force: true })
      },
    }
  },
}

/**
 * Copies a database as `kill -9` would leave it: first what it is without its log of writes, then that. The log is not begun anew in between: it is far from the
 * length at which its pages are moved.
 */
function copyAsLeft(from: string, to: string): void {
  mkdirSync(to)
  for (const name of ['events.db', 'events.db-wal']) copyFileSync(join(from, name), join(to, name))
}

async function temporaryBuffer(
  options: Partial<SqliteBufferOptions> = {},
): Promise<{ readonly buffer: EventBuffer; readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'))
  const buffer = sqliteBuffer({ directory, ...options })
  onTestFinished(async () => {
    await buffer.close()
    await rm(directory, { recursive: true, force: true })
  })
  return { buffer, directory }
}

describe('sqliteBuffer', () => {
  for (const { title, run } of bufferConformance) test(title, () => run(harness))

  test('says that what it acknowledged is on stable storage', () => {
    expect(sqliteBuffer({ directory: 'x' }).caps).toMatchObject({ durability: 'fsync', partitions: 1 })
  })

  test('refuses a directory of diskBuffer, and is refused to it', async () => {
    const { buffer, directory } = await temporaryBuffer()
    await buffer.open()
    await buffer.close()
    for (const shards of [{}, { shards: 'auto' }] as const) {
      const disk = diskBuffer({ directory, ...shards })
      await expect(disk.open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
      await expect(disk.open()).rejects.toThrow('has a buffer on SQLite')
      const of = join(directory, 'shards' in shards ? 'shared' : 'plain')
      const other = diskBuffer({ directory: of, ...shards })
      await other.open()
      await other.close()
      await expect(sqliteBuffer({ directory: of }).open()).rejects.toMatchObject({
        reason: 'buffer_unusable',
        message: expect.stringContaining('Open it with `diskBuffer`') as string,
      })
    }
    await buffer.open()
    expect(await buffer.append([numberedEvent(1)])).toMatchObject([{ status: 'appended' }])
  })

  test('refuses a second opener at once, and lets it in after close', async () => {
    const { buffer, directory } = await temporaryBuffer()
    await buffer.open()
    const second = sqliteBuffer({ directory })
    await expect(second.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
    await buffer.close()
    await second.open()
    await second.close()
  })

  test('refuses tables of a later version', async () => {
    const { buffer, directory } = await temporaryBuffer()
    await buffer.open()
    await buffer.close()
    const database = new DatabaseSync(join(directory, 'events.db'))
    database.exec('PRAGMA user_version = 99')
    database.close()
    await expect(buffer.open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('version 99'),
    })
  })

  test('refuses a file that is no database', async () => {
    const { buffer, directory } = await temporaryBuffer()
    await writeFile(
      join(directory, 'events.db'),
      'this is no database, and long enough to be seen as none\n'.repeat(50),
    )
    await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
  })

  test('commits what waits together, and keeps the order of the calls', async () => {
    const { buffer } = await temporaryBuffer()
    await buffer.open()
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1)
    const results = await Promise.all(numbers.map((number) => buffer.append([numberedEvent(number)])))
    expect(results.map(([result]) => Number.parseInt(result?.position ?? '', 16))).toEqual(numbers)
    expect(await buffer.append([numberedEvent(7)])).toMatchObject([
      { status: 'duplicate', position: results[6]?.[0]?.position },
    ])
  })

  test('deletes what every consumer is through with, and keeps what is parked', async () => {
    const clock = fakeClock()
    const { buffer } = await temporaryBuffer({ clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const results = await buffer.append([1, 2, 3, 4].map((number) => numberedEvent(number)))
    const [first] = await readEverything(buffer)
    if (first?.kind !== 'event') throw new Error('There is no event.')
    await consumer.park(lease, [{ event: first.event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
    await consumer.commit(lease, { done: results.slice(1, 3).map(({ position }) => position) })
    await clock.advance(1000)
    await buffer.stats()
    expect((await readEverything(buffer)).map((entry) => entry.kind === 'event' && entry.event.id)).toEqual([
      'evt_1',
      'evt_4',
    ])
    expect(await consumer.readParked(lease, 'a', { limit: 9, maxBytes: 9e9 })).toHaveLength(1)
  })

  test('refuses what does not fit into the queue', async () => {
    const { buffer } = await temporaryBuffer({ maxQueuedBytes: 2000 })
    await buffer.open()
    const calls = await Promise.allSettled([1, 2, 3].map((number) => buffer.append([numberedEvent(number, 900)])))
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(calls[2]).toMatchObject({ reason: { reason: 'buffer_overloaded' } })
  })

  test('refuses options that are wrong', () => {
    expect(() => sqliteBuffer({ directory: '' })).toThrow('directory')
    expect(() => sqliteBuffer({ directory: 'x', maxEventBytes: 0 })).toThrow('maxEventBytes')
    expect(() => sqliteBuffer({} as { directory: string })).toThrow('directory')
  })
})

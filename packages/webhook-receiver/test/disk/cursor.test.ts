import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, loadAgain, memoryDiskBuffer, numberedEvent, openWith } from './sample-buffer.ts'

describe('the cursor of a disk consumer', () => {
  test('survives kill -9 as soon as commit resolves, without being synced', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 6)
    const { consumer, lease } = await consumerOf(buffer)
    await consumer.commit(lease, { done: [at(0), at(2)], retry: [{ position: at(1), attempts: 2, nextAt: 5.5 }] })
    const expected = { lowWater: at(0), done: [at(2)], retry: [{ position: at(1), attempts: 2, nextAt: 5.5 }] }
    expect(await loadAgain(fileSystem.afterKill())).toEqual(expected)
    await buffer.close()
    expect(await loadAgain(fileSystem)).toEqual(expected)
  })

  test('is synced before an event is parked, and what is done of a lane when nothing is left in it', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 3)
    const { consumer, lease } = await consumerOf(buffer)
    await consumer.commit(lease, { done: [at(0)] })
    expect((await loadAgain(fileSystem.afterPowerCut())).lowWater).toBeNull()
    const entries = await consumer.read(lease, at(0), { limit: 9, maxBytes: 1e9, waitMs: 0 })
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    await consumer.park(
      lease,
      events.map((event) => ({ event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 })),
    )
    expect((await loadAgain(fileSystem.afterPowerCut())).lowWater).toBe(at(2))
    const parkedLater = async (): Promise<number | undefined> => {
      const again = memoryDiskBuffer(fileSystem.afterPowerCut())
      await again.open()
      const [stats] = (await again.stats()).consumers
      await again.close()
      return stats?.parked
    }
    await consumer.commit(lease, { done: [at(1)] })
    expect(await parkedLater()).toBe(2)
    await consumer.commit(lease, { done: [at(2)] })
    expect(await parkedLater()).toBe(0)
    await buffer.close()
  })

  test('is synced within a second', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const [stored] = await buffer.append([numberedEvent(1)])
    await consumer.commit(lease, { done: [stored?.position ?? ''] })
    expect((await loadAgain(fileSystem.afterPowerCut())).lowWater).toBeNull()
    await clock.advance(1000)
    expect((await loadAgain(fileSystem.afterPowerCut())).lowWater).toBe(stored?.position)
    await buffer.close()
  })

  test('is synced within a second of an opening, too: a killed process may have left what was not', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 2)
    const { consumer, lease } = await consumerOf(buffer)
    await consumer.commit(lease, { done: [at(0)] })
    const killed = fileSystem.afterKill()
    const clock = fakeClock()
    const again = memoryDiskBuffer(killed, { clock })
    await again.open()
    expect((await loadAgain(killed.afterPowerCut())).lowWater).toBeNull()
    await clock.advance(1000)
    expect((await loadAgain(killed.afterPowerCut())).lowWater).toBe(at(0))
    await again.close()
    await buffer.close()
  })

  test('never goes ahead of what was done, whichever bit of its files is flipped', { timeout: 120_000 }, async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 8)
    const { consumer, lease } = await consumerOf(buffer)
    await consumer.commit(lease, { done: [at(0), at(3)] })
    const checkpointed = await loadAgain(fileSystem.afterKill())
    await consumer.commit(lease, { done: [at(1)] })
    await consumer.commit(lease, { done: [at(5)] })
    const done = [at(0), at(1), at(3), at(5)]
    const killed = fileSystem.afterKill()
    for (const name of ['c.cur', 'c.ack']) {
      const path = `${DIRECTORY}/cur/${name}`
      const content = Buffer.from(killed.read(path))
      const ranges =
        name === 'c.ack'
          ? [[0, content.length]]
          : [
              [0, 140],
              [4096, 4236],
            ]
      for (const [from = 0, to = 0] of ranges) {
        for (let bit = from * 8; bit < to * 8; bit++) {
          const damaged = Buffer.from(content)
          damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
          const copy = killed.afterKill()
          copy.replace(path, damaged)
          const state = await loadAgain(copy)
          const known = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)].filter(
            (position) => position <= (state.lowWater ?? '') || state.done.includes(position),
          )
          // One frame of three at most is not found again; its events come a second time.
          expect(known.every((position) => done.includes(position))).toBe(true)
          if (name === 'c.cur') expect(known).toEqual(done)
          else expect(known.length).toBeGreaterThanOrEqual(2)
        }
      }
    }
    expect(checkpointed.done).toEqual([at(3)])
  })

  test('keeps its files small while events are acked one by one', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 12_000)
    const { consumer, lease } = await consumerOf(buffer)
    for (let index = 0; index < 12_000; index++) await consumer.commit(lease, { done: [at(index)] })
    expect(fileSystem.read(`${DIRECTORY}/cur/c.ack`).length).toBeLessThan(530_000)
    expect(fileSystem.read(`${DIRECTORY}/cur/c.cur`).length).toBe(8192)
    expect((await loadAgain(fileSystem.afterKill())).lowWater).toBe(at(11_999))
  })

  test('makes a checkpoint every 10 s while events are acked', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const { buffer, at } = await openWith(fileSystem, 30, { clock })
    const { consumer, lease } = await consumerOf(buffer)
    let writes = 0
    fileSystem.fault = (operation, path) => {
      if (operation === 'write' && path.endsWith('/c.cur')) writes++
      return undefined
    }
    for (let index = 0; index < 30; index++) {
      await consumer.commit(lease, { done: [at(index)] })
      await clock.advance(1000)
    }
    // In both slots, each time.
    expect(writes).toBe(6)
    await buffer.close()
  })

  test('keeps a state that is too large for a checkpoint', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 1000)
    const { consumer, lease } = await consumerOf(buffer)
    const retry = Array.from({ length: 1000 }, (_, index) => ({ position: at(index), attempts: 1, nextAt: index }))
    for (let round = 1; round <= 8; round++)
      await consumer.commit(lease, { retry: retry.map((state) => ({ ...state, attempts: round })) })
    await consumer.commit(lease, { done: [at(0), at(500)] })
    const expected = {
      lowWater: at(0),
      done: [at(500)],
      retry: retry.filter((_, index) => index !== 0 && index !== 500).map((state) => ({ ...state, attempts: 8 })),
    }
    expect(await loadAgain(fileSystem.afterKill())).toEqual(expected)
    await buffer.close()
    expect(await loadAgain(fileSystem)).toEqual(expected)
    expect(fileSystem.read(`${DIRECTORY}/cur/c.ack`).length).toBeLessThan(300_000)
  })

  test('passes over a hole', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 3)
    await buffer.append([numberedEvent(4)])
    await buffer.close()
    const path = fileSystem.paths(`${DIRECTORY}/seg`)[0] ?? ''
    const content = Buffer.from(fileSystem.read(path))
    content.writeUInt8(content.readUInt8(64 + 50) ^ 1, 64 + 50)
    fileSystem.replace(path, content)
    const again = memoryDiskBuffer(fileSystem)
    await again.open()
    const { consumer, lease } = await consumerOf(again)
    expect(await consumer.load(lease)).toMatchObject({ lowWater: at(0) })
    expect((await again.stats()).consumers).toEqual([{ name: 'c', backlog: 3, parked: 0, deadLetters: 0 }])
    await consumer.commit(lease, { done: [at(2)] })
    await consumer.commit(lease, { done: [at(1)] })
    expect(await consumer.load(lease)).toMatchObject({ lowWater: at(2), done: [] })
    await again.close()
  })

  test('tells consumers apart that differ only in case, and takes any name', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 1)
    const names = ['Orders', 'orders', '../etc', 'a/b', 'ü', '%41']
    for (const [index, name] of names.entries()) {
      const { consumer, lease } = await consumerOf(buffer, name)
      if (index === 0) await consumer.commit(lease, { done: [at(0)] })
    }
    await buffer.close()
    // What somebody else left there belongs to nobody.
    fileSystem.replace(`${DIRECTORY}/cur/%zz.cur`, Buffer.alloc(10))
    fileSystem.replace(`${DIRECTORY}/cur/Copy of c.cur`, Buffer.alloc(10))
    const again = memoryDiskBuffer(fileSystem)
    await again.open()
    const { consumers } = await again.stats()
    expect(consumers.map(({ name }) => name).toSorted()).toEqual([...names, 'c'].toSorted())
    expect(consumers.find(({ name }) => name === 'Orders')?.backlog).toBe(0)
    expect(consumers.find(({ name }) => name === 'orders')?.backlog).toBe(1)
    await expect(again.openConsumer('')).rejects.toThrow('Expected `name`')
    await expect(again.openConsumer('\ud800')).rejects.toThrow('Expected `name`')
    await again.close()
  })
})

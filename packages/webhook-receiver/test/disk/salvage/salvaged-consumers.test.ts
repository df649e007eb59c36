import { describe, expect, test } from 'vitest'
import type { LogEntry } from '../../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, openWith } from '../sample-buffer.ts'
import { segmentOf } from '../sample-log.ts'

const why = { attempts: 3, at: 1, message: 'refused' }

describe('salvage of consumers', () => {
  test('finds one whose checkpoint is gone by its ack log, with its dead letters, and says so', async () => {
    const fileSystem = await withDeadLetter()
    fileSystem.files.delete(`${DIRECTORY}/cur/c.cur`)
    const buffer = memoryDiskBuffer(fileSystem, { recovery: 'salvage' })
    const { warnings } = await buffer.open()
    expect(warnings).toMatchObject([
      { reason: 'cursor_lost', message: expect.stringContaining('cursor of c is') as string },
    ])
    expect(await buffer.stats()).toMatchObject({ consumers: [{ name: 'c', backlog: 2, deadLetters: 1 }] })
    expect(await idsLeft(fileSystem)).toEqual(['evt_3', 'evt_4'])
    await buffer.close()
  })

  test('finds nothing of one that was removed, also after a power cut', async () => {
    const fileSystem = await withDeadLetter()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.removeConsumer('c')
    const again = memoryDiskBuffer(fileSystem.afterPowerCut(), { recovery: 'salvage' })
    await again.open()
    expect((await again.stats()).consumers).toEqual([])
    await again.close()
    await buffer.close()
  })

  test('finds one of which nothing is left but dead letters', async () => {
    const fileSystem = await withDeadLetter()
    for (const path of fileSystem.paths(`${DIRECTORY}/cur`)) fileSystem.files.delete(path)
    const buffer = memoryDiskBuffer(fileSystem, { recovery: 'salvage' })
    expect(await buffer.open()).toMatchObject({ warnings: [{ reason: 'cursor_lost' }] })
    // Its dead letter is not delivered again; what it had acked is, because nothing is left that says so.
    expect(await idsLeft(fileSystem)).toEqual(['evt_1', 'evt_3', 'evt_4'])
    await buffer.close()
  })

  test('reads dead letters whose META is gone, and those whose segment header is', async () => {
    for (const recovery of ['resync', 'salvage'] as const) {
      const fileSystem = await withDeadLetter()
      fileSystem.files.delete(`${DIRECTORY}/dlq/c/META`)
      const [path = ''] = fileSystem.paths(`${DIRECTORY}/dlq/c/seg`)
      if (recovery === 'salvage') damage(fileSystem, path, 0, 64)
      const buffer = memoryDiskBuffer(fileSystem, { recovery })
      await buffer.open()
      expect(await buffer.stats()).toMatchObject({ consumers: [{ deadLetters: 1 }] })
      await buffer.close()
    }
  })

  test('is not needed to hear of a checkpoint that is damaged as a whole; strict mode refuses it', async () => {
    const original = await withDeadLetter()
    damage(original, `${DIRECTORY}/cur/c.cur`, 0, 8192)
    const strict = memoryDiskBuffer(original.afterKill(), { recovery: 'strict' })
    await expect(strict.open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('the cursor of c is lost') as string,
    })
    const buffer = memoryDiskBuffer(original)
    expect(await buffer.open()).toMatchObject({ warnings: [{ reason: 'cursor_lost' }] })
    await buffer.close()
  })

  test('knows from the ack log what was done since the checkpoint that is lost', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer, at } = await openWith(fileSystem, 6)
    const { consumer, lease } = await consumerOf(buffer)
    await consumer.commit(lease, { done: [at(0), at(1)] })
    await buffer.close()
    const again = memoryDiskBuffer(fileSystem)
    await again.open()
    const resumed = await consumerOf(again)
    await resumed.consumer.commit(resumed.lease, { done: [at(3)] })
    await resumed.consumer.commit(resumed.lease, { done: [at(4)] })
    const killed = fileSystem.afterKill()
    damage(killed, `${DIRECTORY}/cur/c.cur`, 0, 8192)
    const last = memoryDiskBuffer(killed)
    expect(await last.open()).toMatchObject({ warnings: [{ reason: 'cursor_lost' }] })
    expect(await idsLeft(killed)).toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_6'])
    await last.close()
  })

  test.each([0, 4096, 8192])('takes a checkpoint of which %i bytes of zeros are left for a lost one', async (bytes) => {
    const fileSystem = await withDeadLetter()
    fileSystem.replace(`${DIRECTORY}/cur/c.cur`, Buffer.alloc(bytes))
    const before = fileSystem.read(`${DIRECTORY}/cur/c.cur`).length
    await expect(memoryDiskBuffer(fileSystem, { recovery: 'strict' }).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
    })
    expect(fileSystem.read(`${DIRECTORY}/cur/c.cur`)).toHaveLength(before)
    const buffer = memoryDiskBuffer(fileSystem)
    expect(await buffer.open()).toMatchObject({ warnings: [{ reason: 'cursor_lost' }] })
    await buffer.close()
  })

  test('says when it is lost what of the parked events is done, and finds it in what is left', async () => {
    const original = new MemoryFileSystem()
    const { buffer } = await openWith(original, 3)
    const { consumer, lease } = await consumerOf(buffer)
    const entries = await consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 0 })
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    await consumer.park(
      lease,
      events.map((event) => ({ event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 })),
    )
    await consumer.commit(lease, { done: events.slice(0, 2).map(({ position }) => position) })
    const gone = `${DIRECTORY}/park/c/gone.cur`
    for (const recovery of ['resync', 'salvage'] as const) {
      const fileSystem = original.afterKill()
      fileSystem.files.delete(gone)
      const again = memoryDiskBuffer(fileSystem, { recovery })
      const { warnings } = await again.open()
      expect(warnings).toMatchObject([{ message: expect.stringContaining('parked events of c') as string }])
      expect(await again.stats()).toMatchObject({ consumers: [{ parked: 1 }] })
      await again.close()
    }
    const damaged = original.afterKill()
    damage(damaged, gone, 0, 8192)
    await expect(memoryDiskBuffer(damaged, { recovery: 'strict' }).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
    })
    await buffer.close()
  })

  test('brings a known hole back as long as no consumer has passed it, and not behind one that has', async () => {
    for (const hasPassed of [false, true]) {
      const fileSystem = new MemoryFileSystem()
      const { buffer, at } = await openWith(fileSystem, 6)
      const { consumer, lease } = await consumerOf(buffer)
      await consumer.commit(lease, { done: [at(0)] })
      await buffer.close()
      const path = segmentOf(fileSystem)
      damageHeader(fileSystem, path, 3)
      const again = memoryDiskBuffer(fileSystem)
      expect(await again.open()).toMatchObject({ holes: [{ lost: 1 }] })
      const resumed = await consumerOf(again)
      await resumed.consumer.commit(resumed.lease, { done: hasPassed ? [at(1), at(3)] : [] })
      await again.close()
      const salvaged = memoryDiskBuffer(fileSystem, { recovery: 'salvage' })
      expect(await salvaged.open()).toMatchObject({ salvaged: hasPassed ? 0 : 1 })
      expect(await salvaged.stats()).toMatchObject({ lost: hasPassed ? 1 : 0, events: hasPassed ? 5 : 6 })
      await salvaged.close()
      const left = hasPassed ? ['evt_5', 'evt_6'] : ['evt_2', 'evt_3', 'evt_4', 'evt_5', 'evt_6']
      expect(await idsLeft(fileSystem)).toEqual(left)
    }
  })
})

/** Events 1 to 4, of which the first is acked and the second a dead letter. The process was killed. */
async function withDeadLetter(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const { buffer, at } = await openWith(fileSystem, 4)
  const { consumer, lease } = await consumerOf(buffer)
  await consumer.commit(lease, { done: [at(0)] })
  const [, second] = await consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 0 })
  if (second?.kind !== 'event') throw new Error('There is no second event.')
  await consumer.deadLetter(lease, [{ event: second.event, lane: '', redrives: 0, why }])
  return fileSystem.afterKill()
}

/** Ids of the events that the consumer `c` is not through with. */
async function idsLeft(fileSystem: MemoryFileSystem): Promise<string[]> {
  const buffer = memoryDiskBuffer(fileSystem.afterKill())
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const { lowWater, done } = await consumer.load(lease)
  const entries: LogEntry[] = await consumer.read(lease, lowWater, { limit: 100, maxBytes: 1e9, waitMs: 0 })
  await buffer.close()
  return entries.flatMap((entry) =>
    entry.kind === 'event' && !done.includes(entry.event.position) ? [entry.event.id] : [],
  )
}

/** Flips a bit in the checksum of the header of the n-th record. */
function damageHeader(fileSystem: MemoryFileSystem, path: string, record: number): void {
  const content = fileSystem.read(path)
  let at = 64
  for (let index = 1; index < record; index++) at += Math.ceil((40 + content.readUInt32LE(at + 8)) / 8) * 8
  damage(fileSystem, path, at + 36, at + 38)
}

function damage(fileSystem: MemoryFileSystem, path: string, from: number, to: number): void {
  const content = Buffer.from(fileSystem.read(path))
  for (let at = from; at < to; at++) content.writeUInt8(content.readUInt8(at) ^ 0xa5, at)
  fileSystem.replace(path, content)
}

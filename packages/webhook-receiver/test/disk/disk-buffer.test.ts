import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import { diskBuffer } from '../../src/disk/index.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead, readEverything } from './sample-buffer.ts'

const DAY_MS = 24 * 3_600_000

describe('diskBuffer', () => {
  test.each([
    ['EEXIST', 'it is a file'],
    ['ENOENT', 'nothing can be made there'],
    ['EROFS', 'its file system is read-only'],
    ['EACCES', 'the user of this process may not make it or write there'],
  ])('says what %s means for a directory that cannot be opened', async (code, meaning) => {
    const fileSystem = new MemoryFileSystem()
    fileSystem.fault = (operation) => (operation === 'makeDirectory' ? code : undefined)
    await expect(memoryDiskBuffer(fileSystem).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining(`${DIRECTORY} cannot be opened as a buffer (${code}: `),
    })
    await expect(memoryDiskBuffer(fileSystem).open()).rejects.toThrow(meaning)
  })

  test.each([
    ['id', undefined],
    ['source', 7],
    ['body', 'text'],
    ['body', null],
    ['body', new ArrayBuffer(2)],
    ['body', new Uint16Array(2)],
    ['body', new DataView(new ArrayBuffer(2))],
  ])('refuses an event whose %s is %o, which could not be read back', async (name, value) => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem())
    await buffer.open()
    const wrong = { ...numberedEvent(1), [name]: value } as NewEvent
    for (const events of [[wrong], [numberedEvent(2), wrong]])
      await expect(buffer.append(events)).rejects.toThrow(`Expected \`event.${name}\` to be a`)
    expect((await buffer.stats()).events).toBe(0)
    await buffer.close()
  })

  test('acknowledges nothing before the sync of its batch has ended', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    for (let number = 1; number <= 20; number++) {
      await buffer.append([numberedEvent(number)])
      // What a power cut in this very moment leaves.
      const { numbers } = await openAndRead(fileSystem.afterPowerCut())
      expect(numbers).toHaveLength(number)
    }
    await buffer.close()
  })

  test('writes what arrives during one batch as the next one, with one sync for all', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(0)])
    let syncs = 0
    fileSystem.fault = (operation) => {
      if (operation === 'datasync') syncs++
      return undefined
    }
    await Promise.all(Array.from({ length: 500 }, (_, index) => buffer.append([numberedEvent(index + 1)])))
    expect(syncs).toBeLessThanOrEqual(2)
    await buffer.close()
    expect((await openAndRead(fileSystem)).numbers).toEqual(Array.from({ length: 501 }, (_, index) => index))
  })

  test('makes one batch of what arrives in one turn of the event loop', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(0)])
    let syncs = 0
    fileSystem.fault = (operation) => {
      if (operation === 'datasync') syncs++
      return undefined
    }
    const first = buffer.append([numberedEvent(1)])
    const second = Promise.resolve().then(() => buffer.append([numberedEvent(2)]))
    const results = await Promise.all([first, second])
    expect(syncs).toBe(1)
    expect(results.flat().map(({ position }) => position)).toEqual(['0000000000000002', '0000000000000003'])
    await buffer.close()
  })

  test('keeps a call in one batch even when it is larger than a batch, with bodies of any size', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { maxBatchBytes: 4096 })
    await buffer.open()
    const sizes = [0, 1, 40_000, 5, 200_000, 32_768, 32_769, 100, 70_000, 0]
    await buffer.append(sizes.map((size, index) => numberedEvent(index, size)))
    await buffer.close()
    const { entries, numbers } = await openAndRead(fileSystem)
    expect(numbers).toEqual(sizes.map((_, index) => index))
    expect(entries.map((entry) => (entry.kind === 'event' ? entry.event.body.length : -1))).toEqual(sizes)
  })

  test('refuses a meta that does not fit a record, and takes the largest that does', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem())
    await buffer.open()
    const withHeader = (bytes: number) => ({
      ...numberedEvent(1),
      headers: [['x', 'a'.repeat(bytes)]] as const,
    })
    await expect(buffer.append([withHeader(65_535)])).rejects.toMatchObject({ reason: 'event_too_large' })
    expect(await buffer.append([withHeader(65_300)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
  })

  test('begins a segment when one is full and seals the old one', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096 })
    await buffer.open()
    for (let number = 1; number <= 40; number++) await buffer.append([numberedEvent(number, 500)])
    await buffer.close()
    const segments = fileSystem.paths(`${DIRECTORY}/seg`)
    expect(segments.length).toBeGreaterThan(3)
    for (const path of segments.slice(0, -1)) {
      const content = fileSystem.read(path)
      // The first batch of every segment is number 1: the field has 32 bits, the log has no end.
      expect(content.readUInt32LE(64 + 24)).toBe(1)
      // The seal record: its type, and the segment's own header in its body.
      expect(content.readUInt8(content.length - 152 + 12)).toBe(2)
      expect(content.subarray(content.length - 112, content.length - 48)).toEqual(content.subarray(0, 64))
    }
    expect((await openAndRead(fileSystem)).numbers).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  })

  test('begins a segment when one is old', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { clock, segmentMaxAgeMs: 1000 })
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    await clock.advance(999)
    await buffer.append([numberedEvent(2)])
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toHaveLength(1)
    await clock.advance(1)
    await buffer.append([numberedEvent(3)])
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toHaveLength(2)
    await buffer.close()
  })

  test('puts back a segment header that was destroyed, from META or from the seal', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096 })
    await buffer.open()
    for (let number = 1; number <= 30; number++) await buffer.append([numberedEvent(number, 500)])
    await buffer.close()
    for (const path of fileSystem.paths(`${DIRECTORY}/seg`)) {
      const content = Buffer.from(fileSystem.read(path))
      content.fill(0, 0, 64)
      const damaged = fileSystem.afterKill()
      damaged.replace(path, content)
      expect((await openAndRead(damaged)).numbers).toHaveLength(30)
      expect(damaged.read(path).subarray(0, 64)).toEqual(fileSystem.read(path).subarray(0, 64))
    }
  })

  test('knows an id again after a restart, for as long as the window', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const options = { clock, dedupeWindowMs: 3 * DAY_MS }
    let buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    await buffer.close()
    await clock.advance(3 * DAY_MS)
    buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    expect(await buffer.append([numberedEvent(1)])).toMatchObject([
      { status: 'duplicate', position: '0000000000000001' },
    ])
    await buffer.close()
    await clock.advance(1)
    await buffer.open()
    expect(await buffer.append([numberedEvent(1)])).toMatchObject([
      { status: 'appended', position: '0000000000000002' },
    ])
    await buffer.close()
  })

  test('does not remember an id whose write was cut off as unfinished', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    await buffer.append([numberedEvent(2, 50), numberedEvent(3, 50)])
    const killed = fileSystem.afterKill()
    const [path = ''] = killed.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(killed.read(path))
    // The header of event 2; event 3 is undamaged, but of the same last batch.
    const header = content.indexOf('{"i":"evt_2"') - 40
    content.fill(0, header, header + 40)
    killed.replace(path, content)
    const again = memoryDiskBuffer(killed)
    const report = await again.open()
    // The padding at the end is zeros, like what is allocated ahead.
    expect(report.tornBytes).toBe(content.findLastIndex((byte) => byte !== 0) + 1 - header)
    expect(await readEverything(again)).toHaveLength(1)
    expect(await again.append([numberedEvent(3, 50)])).toMatchObject([
      { status: 'appended', position: '0000000000000002' },
    ])
    await again.close()
  })

  test('trusts the seals of segments that no id can come from any more', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { segmentBytes: 4096, dedupeWindowMs: 0 }
    const buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    for (let number = 1; number <= 100; number++) await buffer.append([numberedEvent(number, 500)])
    await buffer.close()
    const { report, numbers } = await openAndRead(fileSystem, options)
    expect(report.scannedBytes).toBeLessThan(8192)
    expect(numbers).toHaveLength(100)
  })

  test('takes no id for another, however long or odd they are', async () => {
    const fileSystem = new MemoryFileSystem()
    const long = 'x'.repeat(500)
    const events = ['a', '\ud800', '\ud801', '\ufffd', `${long}\ud800`, `${long}\ud801`, long, '#', ''].map((id) => ({
      ...numberedEvent(1),
      id,
    }))
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    const stored = await buffer.append(events)
    expect(stored.every(({ status }) => status === 'appended')).toBe(true)
    await buffer.close()
    await buffer.open()
    const again = await buffer.append(events)
    expect(again).toEqual(stored.map((result) => ({ ...result, status: 'duplicate' })))
    await buffer.close()
  })

  test('reports damage that appears while it is open where it is, and goes on behind it', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    for (let number = 1; number <= 5; number++) await buffer.append([numberedEvent(number, 100)])
    const [path = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = fileSystem.read(path)
    const second = content.indexOf('evt_2')
    content.writeUInt8(content.readUInt8(second) ^ 4, second)
    const entries = await readEverything(buffer)
    expect(entries.map((entry) => (entry.kind === 'event' ? entry.event.id : entry.hole))).toEqual([
      'evt_1',
      { partition: 0, from: '0000000000000002', to: '0000000000000002', lost: 1 },
      'evt_3',
      'evt_4',
      'evt_5',
    ])
    // Whoever sends it again heals the loss.
    expect(await buffer.append([numberedEvent(2), numberedEvent(3)])).toMatchObject([
      { status: 'appended', position: '0000000000000006' },
      { status: 'duplicate', position: '0000000000000003' },
    ])
    expect(await buffer.stats()).toMatchObject({ events: 5, lost: 1 })
    await buffer.close()
  })

  test('tells META how far it is durable once it is idle, and once a second while it is not', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { clock })
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    let writes = 0
    fileSystem.fault = (operation, path) => {
      if (operation === 'write' && path.endsWith('/META')) writes++
      return undefined
    }
    await clock.advance(50)
    expect(writes).toBe(1)
    await clock.advance(10_000)
    expect(writes).toBe(1)
    for (let number = 2; number <= 102; number++) {
      await buffer.append([numberedEvent(number)])
      await clock.advance(20)
    }
    expect(writes).toBeGreaterThanOrEqual(2)
    expect(writes).toBeLessThanOrEqual(4)
    await buffer.close()
    expect(clock.pendingTimers).toBe(0)
  })

  test('ends a read that waits when it is closed', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem(), { clock: fakeClock() })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const reading = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000 })
    const outcome = reading.then(
      () => 'read',
      (error: unknown) => (error as { reason: string }).reason,
    )
    await buffer.close()
    expect(await outcome).toBe('buffer_closed')
  })

  test('closes every file that it opened, even when a last append ends a read that waits', async () => {
    const fileSystem = new MemoryFileSystem()
    let opened = 0
    const buffer = memoryDiskBuffer(fileSystem, { clock: fakeClock() })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    fileSystem.fault = (operation, path) => {
      if (path.includes('/seg/')) opened += operation === 'open' ? 1 : operation === 'close' ? -1 : 0
      return undefined
    }
    const reading = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000 })
    const outcome = reading.catch((error: unknown) => error)
    await turn()
    const [appended] = await Promise.all([buffer.append([numberedEvent(1)]), buffer.close()])
    expect(appended).toMatchObject([{ status: 'appended' }])
    expect(await outcome).toMatchObject({ reason: 'buffer_closed' })
    // The segment was made and closed, and nothing is read from it by now.
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toHaveLength(1)
    await turn()
    expect(opened).toBe(0)
  })

  test('ends a read that waits when its consumer is removed', async () => {
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(new MemoryFileSystem(), { clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const reading = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000 })
    const outcome = reading.catch((error: unknown) => error)
    await turn()
    await buffer.removeConsumer('c')
    expect(await outcome).toMatchObject({ reason: 'buffer_closed' })
    await buffer.close()
    expect(clock.pendingTimers).toBe(0)
  })

  test('opens again after it was closed, with a higher epoch', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem())
    await buffer.open()
    const first = await consumerOf(buffer)
    await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
    await buffer.close()
    await buffer.open()
    const second = await consumerOf(buffer)
    expect(second.lease.epoch).toBeGreaterThan(first.lease.epoch)
    await expect(second.consumer.commit(first.lease, {})).rejects.toMatchObject({ reason: 'stale_lease' })
    await buffer.close()
  })

  test('refuses options that are wrong', () => {
    expect(() => diskBuffer({ directory: '' })).toThrow('Expected `directory` to be a non-empty string')
    expect(() => diskBuffer({} as { directory: string })).toThrow('Expected `directory`')
    expect(() => diskBuffer({ directory: 'x', segmentMaxAgeMs: 2 * DAY_MS })).toThrow('Expected `segmentMaxAgeMs`')
    expect(() => diskBuffer({ directory: 'x', durability: 'never' as 'fsync' })).toThrow('durability')
    expect(() => diskBuffer({ directory: 'x', syncIntervalMs: 0 })).toThrow('syncIntervalMs')
    expect(() => diskBuffer({ directory: 'x', compression: 'gzip' as 'zstd' })).toThrow('compression')
    const key = (): Uint8Array => new Uint8Array(32)
    expect(() => diskBuffer({ directory: 'x', encryption: { keyId: '', key } })).toThrow('encryption.keyId')
    const secret = 'c2VjcmV0' as unknown as typeof key
    expect(() => diskBuffer({ directory: 'x', encryption: { keyId: 'a', key: secret } })).toThrow(
      /^Expected `encryption.key` to be a function, got `"string"`/,
    )
  })
})

/** Lets everything that is under way in memory come to its next wait. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

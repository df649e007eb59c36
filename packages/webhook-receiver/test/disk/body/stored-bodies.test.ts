import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '@holdfast/core/testing'
import type { EventBuffer, NewEvent, StoredEvent } from '../../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../../src/disk/disk-buffer-options.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from '../sample-buffer.ts'
import { flipped } from '../sample-log.ts'
import { scale } from '../scale.ts'

const keys: Readonly<Record<string, Uint8Array>> = {
  'key of spring': Buffer.alloc(32, 1),
  'key of autumn': Buffer.alloc(32, 2),
}
const keyOf = (id: string): Uint8Array => keys[id] ?? new Uint8Array()
const encryption = { keyId: 'key of spring', key: keyOf }
const both = { encryption, compression: 'auto' } as const

/** An event whose every part says `secret`. */
function secretEvent(number: number, bodyBytes = 2000): NewEvent {
  return {
    ...numberedEvent(number),
    key: `secret-key-${number}`,
    url: '/?token=secret',
    headers: [['Authorization', 'secret']],
    body: Buffer.alloc(bodyBytes, `secret ${number} `),
  }
}

async function withEvents(
  fileSystem: MemoryFileSystem,
  events: readonly NewEvent[],
  options: Partial<DiskBufferOptions>,
): Promise<void> {
  const buffer = memoryDiskBuffer(fileSystem, options)
  await buffer.open()
  for (const event of events) await buffer.append([event])
  await buffer.close()
}

async function storedEvents(buffer: EventBuffer): Promise<StoredEvent[]> {
  return (await readEverything(buffer)).flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
}

describe('diskBuffer with encryption', () => {
  test('leaves nothing of an event in the clear, wherever it is kept', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { encryption, segmentBytes: 4096 })
    await buffer.open()
    await buffer.append([1, 2, 3, 4].map((number) => secretEvent(number)))
    const { consumer, lease } = await consumerOf(buffer)
    const [first, second] = await storedEvents(buffer)
    if (first === undefined || second === undefined) throw new Error('There are no events.')
    await consumer.park(lease, [{ event: first, lane: 'secret lane', redrives: 0, attempts: 0, nextAt: 0 }])
    const why = { attempts: 3, at: 1, message: 'the secret failed' }
    await consumer.deadLetter(lease, [{ event: second, lane: 'secret lane', redrives: 0, why }])
    await buffer.close()
    for (const path of fileSystem.paths(DIRECTORY)) {
      for (const word of ['secret', 'evt_', '/?token'])
        expect(fileSystem.read(path).includes(word), `${word} in ${path}`).toBe(false)
    }
    const again = memoryDiskBuffer(fileSystem, { encryption })
    await again.open()
    expect((await storedEvents(again)).map(({ url, headers }) => [url, headers])).toContainEqual([
      '/?token=secret',
      [['Authorization', 'secret']],
    ])
    const reopened = await consumerOf(again)
    const [lane] = await reopened.consumer.parkedLanes(reopened.lease)
    expect(lane?.lane).toBe('secret lane')
    for await (const letter of reopened.consumer.deadLetters()) expect(letter.why).toEqual(why)
    expect(await again.append([secretEvent(3)])).toMatchObject([{ status: 'duplicate' }])
    await again.close()
  })

  test('refuses to open without the key, or with another of its name, and says which', async () => {
    const fileSystem = new MemoryFileSystem()
    await withEvents(fileSystem, [secretEvent(1)], { encryption })
    for (const [other, message] of [
      [{}, /encrypted with the key `key of spring`/],
      [
        { encryption: { keyId: 'key of spring', key: () => Buffer.alloc(32, 9) } },
        /The key `key of spring` is not the one/,
      ],
      [
        { encryption: { keyId: 'key of spring', key: () => Buffer.alloc(31) } },
        /32 bytes for `key of spring`, got 31 bytes/,
      ],
    ] as const) {
      const buffer = memoryDiskBuffer(fileSystem.afterKill(), other)
      await expect(buffer.open()).rejects.toMatchObject({
        reason: 'buffer_unusable',
        message: expect.stringMatching(message),
      })
    }
    expect((await openAndReadSecrets(fileSystem, { encryption })).length).toBe(1)
  })

  test('tells readers that a key is missing, and passes over nothing', async () => {
    const fileSystem = new MemoryFileSystem()
    await withEvents(fileSystem, [secretEvent(1), secretEvent(2)], { encryption })
    const buffer = memoryDiskBuffer(fileSystem, { dedupeWindowMs: 0 })
    await buffer.open()
    await expect(readEverything(buffer)).rejects.toMatchObject({ reason: 'buffer_unusable' })
    await expect(buffer.read(0, null, { limit: 1, maxBytes: 1 })).rejects.toMatchObject({ reason: 'buffer_unusable' })
    await buffer.close()
  })

  test('follows a new key from the next segment on, and reads what came before', async () => {
    const fileSystem = new MemoryFileSystem()
    let keyId = 'key of spring'
    const rotating = { encryption: { keyId: () => keyId, key: keyOf }, segmentBytes: 4096 }
    const buffer = memoryDiskBuffer(fileSystem, rotating)
    await buffer.open()
    for (let number = 1; number <= 20; number++) {
      if (number === 8) keyId = 'key of autumn'
      await buffer.append([secretEvent(number)])
    }
    await buffer.close()
    const named = fileSystem.paths(`${DIRECTORY}/seg`).map((path) => fileSystem.read(path).includes('key of autumn'))
    expect([named[0], named.at(-1)]).toEqual([false, true])
    expect(await openAndReadSecrets(fileSystem, rotating)).toHaveLength(20)
    await withEvents(fileSystem, [numberedEvent(21)], {})
      .then(() => expect.unreachable())
      .catch((error: unknown) => expect(error).toMatchObject({ reason: 'buffer_unusable' }))
  })

  test('reads what was stored before it was encrypted', async () => {
    const fileSystem = new MemoryFileSystem()
    await withEvents(fileSystem, [secretEvent(1)], {})
    await withEvents(fileSystem, [secretEvent(2)], { encryption })
    expect(await openAndReadSecrets(fileSystem, both)).toHaveLength(2)
  })

  test('refuses appends while the key cannot be had, and loses nothing by it', async () => {
    const fileSystem = new MemoryFileSystem()
    let fails = false
    const key = (id: string): Uint8Array => {
      if (fails) throw new Error('the vault is down')
      return keyOf(id)
    }
    let keyId = 'key of spring'
    const options = { encryption: { keyId: () => keyId, key }, segmentBytes: 4096 }
    const buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    await buffer.append([secretEvent(1, 5000)])
    keyId = 'key of autumn'
    fails = true
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(buffer.append([secretEvent(2)])).rejects.toMatchObject({
        reason: 'buffer_failed',
        retryAfterMs: 5000,
      })
    fails = false
    expect(await buffer.append([secretEvent(2)])).toMatchObject([{ status: 'appended', position: '0000000000000002' }])
    await buffer.close()
    expect(await openAndReadSecrets(fileSystem, options)).toHaveLength(2)
  })

  test('counts a record as lost that somebody forged, checksums and all', async () => {
    const fileSystem = new MemoryFileSystem()
    await withEvents(fileSystem, [secretEvent(1), secretEvent(2), secretEvent(3)], { encryption })
    const [path = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(fileSystem.read(path))
    const marker = content.subarray(32, 40)
    const at = content.indexOf(marker, content.indexOf(marker, 64) + 8)
    const bodyBytes = content.readUInt32LE(at + 8)
    content.writeUInt8(content.readUInt8(at + 40 + bodyBytes - 20) ^ 1, at + 40 + bodyBytes - 20)
    content.writeUInt32LE(crc32(content.subarray(at + 40, at + 40 + bodyBytes)), at + 32)
    content.writeUInt32LE(crc32(content.subarray(at, at + 36), content.readUInt32LE(40)), at + 36)
    fileSystem.replace(path, content)
    const buffer = memoryDiskBuffer(fileSystem, { encryption })
    await buffer.open()
    expect((await readEverything(buffer)).map((entry) => entry.kind)).toEqual(['event', 'hole', 'event'])
    await buffer.close()
  })
})

describe('diskBuffer with compression', () => {
  test.each(['zstd', 'brotli', 'auto'] as const)(
    'stores less with %s, and gives back every byte',
    async (compression) => {
      const sizes: number[] = []
      for (const options of [{}, { compression }]) {
        const fileSystem = new MemoryFileSystem()
        const events = [300, 2000, 40_000, 500_000].map((bytes, index) => secretEvent(index + 1, bytes))
        await withEvents(fileSystem, events, options)
        const stored = await openAndReadSecrets(fileSystem, {})
        expect(stored.map(({ body }) => body.length)).toEqual([300, 2000, 40_000, 500_000])
        sizes.push(fileSystem.read(fileSystem.paths(`${DIRECTORY}/seg`)[0] ?? '').length)
      }
      expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) / 20)
    },
  )

  test('counts what waits to be compressed, and refuses what does not fit', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem(), { ...both, maxQueuedBytes: 1_000_000 })
    await buffer.open()
    const calls = Array.from({ length: 40 }, (_, index) => buffer.append([secretEvent(index + 1, 100_000)]))
    const settled = await Promise.allSettled(calls)
    const refused = settled.filter((call) => call.status === 'rejected')
    expect(refused.length).toBeGreaterThan(25)
    expect(refused[0]?.reason).toMatchObject({ reason: 'buffer_overloaded' })
    expect(await buffer.append([secretEvent(41, 100_000)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
  })

  test('keeps the order of the calls, although large bodies are compressed aside', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, both)
    await buffer.open()
    const sizes = [400_000, 10, 90_000, 10, 2000, 300_000, 10]
    const results = await Promise.all(sizes.map((bytes, index) => buffer.append([secretEvent(index + 1, bytes)])))
    expect(results.map(([result]) => Number.parseInt(result?.position ?? '', 16))).toEqual([1, 2, 3, 4, 5, 6, 7])
    await buffer.close()
  })
})

describe('diskBuffer with a long backlog that has to be decrypted', () => {
  test('gives the first of it before it has read all, and lets others have their turn meanwhile', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, both)
    await buffer.open()
    await buffer.append(Array.from({ length: 200 }, (_, index) => secretEvent(index + 1, 300)))
    const { consumer, lease } = await consumerOf(buffer)
    let turns = 0
    const timer = setInterval(() => turns++)
    const turn = setImmediate(() => turns++)
    const entries = await consumer.read(lease, null, { limit: 1000, maxBytes: 1e9, waitMs: 0 })
    clearInterval(timer)
    clearImmediate(turn)
    expect(entries.length).toBeGreaterThan(0)
    expect(entries.length).toBeLessThan(100)
    expect(turns).toBeGreaterThan(0)
    expect(await storedEvents(buffer)).toHaveLength(200)
    await buffer.close()
  })
})

describe('diskBuffer with encrypted and compressed bodies', () => {
  const events = [1, 2, 3].map((number) => secretEvent(number, 150 + number))

  test('keeps every whole record before the cut, wherever the cut is', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, both)
    await buffer.open()
    for (const event of events) await buffer.append([event])
    const killed = fileSystem.afterKill()
    const [path = ''] = killed.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(killed.read(path))
    let most = 0
    for (let length = 64; length <= content.length; length++) {
      const cut = killed.afterKill()
      // Without META's word for it nothing tells a cut from a write that was not finished.
      cut.files.delete(`${DIRECTORY}/META`)
      cut.replace(path, content.subarray(0, length))
      const stored = await openAndReadSecrets(cut, both)
      expect(stored.length).toBeGreaterThanOrEqual(most)
      expect(stored.map(({ id }) => id)).toEqual(events.slice(0, stored.length).map(({ id }) => id))
      most = stored.length
    }
    expect(most).toBe(events.length)
    await buffer.close()
  })

  test('loses at most the record that a flipped bit hit', { timeout: 30_000 * scale }, async () => {
    const fileSystem = new MemoryFileSystem()
    await withEvents(fileSystem, events, both)
    const [path = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(fileSystem.read(path))
    // Every bit at night, one of each byte in a pull request.
    for (let bit = 0; bit < content.length * 8; bit += scale > 1 ? 1 : 9) {
      const damaged = fileSystem.afterKill()
      damaged.replace(path, flipped(content, bit))
      const stored = await openAndReadSecrets(damaged, both)
      expect(stored.length, `bit ${bit}`).toBeGreaterThanOrEqual(events.length - 1)
    }
  })
})

/** Opens a copy, reads all, and compares every event with what was stored. */
async function openAndReadSecrets(
  fileSystem: MemoryFileSystem,
  options: Partial<DiskBufferOptions>,
): Promise<StoredEvent[]> {
  const buffer = memoryDiskBuffer(fileSystem.afterKill(), { clock: fakeClock(), ...options })
  await buffer.open()
  const stored = await storedEvents(buffer)
  await buffer.close()
  for (const { id, body, headers } of stored) {
    const number = Number(id.slice('evt_'.length))
    if (headers.length === 0) continue
    const expected = secretEvent(number, body.length)
    if (Buffer.compare(body, expected.body) !== 0) throw new Error(`The body of ${id} is wrong.`)
  }
  return stored
}

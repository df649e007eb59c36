import { describe, expect, test } from 'vitest'
import type {
  Consumer,
  DeadLetter,
  EventBuffer,
  Lease,
  ParkedEntry,
  StoredEvent,
} from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, loadAgain, memoryDiskBuffer, numberedEvent, openWith } from './sample-buffer.ts'

const why = { attempts: 3, at: 1_750_000_000_000, code: 'timeout', message: 'no answer' }

interface Opened {
  readonly fileSystem: MemoryFileSystem
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  readonly lease: Lease
  readonly events: readonly StoredEvent[]
}

/** A buffer with the events 1 to `count`, as the consumer `c` reads them. */
async function opened(count: number): Promise<Opened> {
  const fileSystem = new MemoryFileSystem()
  const { buffer } = await openWith(fileSystem, count)
  const { consumer, lease } = await consumerOf(buffer)
  const entries = await consumer.read(lease, null, { limit: count, maxBytes: 1e9, waitMs: 0 })
  return {
    fileSystem,
    buffer,
    consumer,
    lease,
    events: entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : [])),
  }
}

/** The same consumer on other files. */
async function openedOn(
  fileSystem: MemoryFileSystem,
): Promise<Omit<Opened, 'events'> & { readonly lostAside: number }> {
  const buffer = memoryDiskBuffer(fileSystem)
  const { lostAside } = await buffer.open()
  return { fileSystem, buffer, lostAside, ...(await consumerOf(buffer)) }
}

const parked = (event: StoredEvent) => ({ event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 })
const letter = (event: StoredEvent): DeadLetter => ({ event, lane: 'a', redrives: 0, why })
const place = ({ partition, position }: StoredEvent) => ({ partition, position })

async function parkedIds({ consumer, lease }: Pick<Opened, 'consumer' | 'lease'>): Promise<string[]> {
  const entries = await consumer.readParked(lease, 'a', { limit: 1000, maxBytes: 1e9 })
  return entries.map((entry) => (entry.kind === 'event' ? entry.parked.event.id : 'lost'))
}

async function deadLetters(consumer: Consumer): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const dead of consumer.deadLetters()) letters.push(dead)
  return letters
}

describe.each(['dead letters', 'parked events'] as const)('the %s of a disk consumer', (kind) => {
  const folder = kind === 'dead letters' ? 'dlq' : 'park'
  const setAside = async ({ consumer, lease }: Opened, events: readonly StoredEvent[]): Promise<void> =>
    kind === 'dead letters' ? consumer.deadLetter(lease, events.map(letter)) : consumer.park(lease, events.map(parked))
  const idsOf = async (at: Pick<Opened, 'consumer' | 'lease'>): Promise<string[]> =>
    kind === 'dead letters' ? (await deadLetters(at.consumer)).map(({ event }) => event.id) : parkedIds(at)

  test('prove that their event was durable, so that its number is given to no other', async () => {
    const c = await opened(2)
    const last = c.events[1]
    if (last === undefined) throw new Error('There is no event.')
    await setAside(c, [last])
    // The ack is gone with the power, and so is the event.
    const cut = c.fileSystem.afterPowerCut()
    const [path = ''] = cut.paths(`${DIRECTORY}/seg`)
    const content = cut.read(path)
    cut.replace(path, content.subarray(0, content.indexOf('{"i":"evt_2"') - 40))
    const again = memoryDiskBuffer(cut)
    expect((await again.open()).holes).toMatchObject([{ from: last.position, to: last.position }])
    expect(await again.append([numberedEvent(3)])).toMatchObject([{ position: '0000000000000003' }])
    const reopened = await consumerOf(again)
    const { lowWater, done } = await reopened.consumer.load(reopened.lease)
    expect([lowWater, done]).toEqual([null, [last.position]])
    await again.close()
  })

  test('do not come back for a new consumer of the same name, even after a power cut', async () => {
    const c = await opened(1)
    await setAside(c, c.events)
    await Promise.all([c.buffer.removeConsumer('c'), c.buffer.openConsumer('c')])
    expect((await loadAgain(c.fileSystem.afterPowerCut())).lowWater).toBeNull()
    expect((await loadAgain(c.fileSystem.afterKill())).lowWater).toBeNull()
    await c.buffer.close()
    expect((await loadAgain(c.fileSystem)).lowWater).toBeNull()
    expect(c.fileSystem.paths(`${DIRECTORY}/cur`)).toEqual([`${DIRECTORY}/cur/c.ack`, `${DIRECTORY}/cur/c.cur`])
    expect(c.fileSystem.paths(`${DIRECTORY}/${folder}`)).toEqual([])
  })

  test('are on the disk before the event counts as done', async () => {
    const c = await opened(2)
    let ackedBeforeSync = false
    let synced = false
    c.fileSystem.fault = (operation, path) => {
      if (operation === 'datasync' && path.includes(`/${folder}/c/seg/`)) synced = true
      if (operation === 'write' && path.endsWith('/cur/c.ack') && !synced) ackedBeforeSync = true
      return undefined
    }
    await setAside(c, c.events.slice(0, 1))
    expect([synced, ackedBeforeSync]).toEqual([true, false])
    const again = await openedOn(c.fileSystem.afterPowerCut())
    // The ack was not synced when the power went, but what was set aside says that the event is not in the log any more.
    expect(await again.consumer.load(again.lease)).toMatchObject({ lowWater: c.events[0]?.position })
    expect(await idsOf(again)).toEqual(['evt_1'])
    await again.buffer.close()
  })

  test('hold an event once, however often it is set aside', async () => {
    const c = await opened(1)
    await Promise.all([1, 2, 3].map(() => setAside(c, [...c.events, ...c.events])))
    await setAside(c, c.events)
    expect(await idsOf(c)).toEqual(['evt_1'])
    const again = await openedOn(c.fileSystem.afterKill())
    expect(await idsOf(again)).toEqual(['evt_1'])
    await again.buffer.close()
  })

  test('survive damage to their files but for the record that it hits, and the loss is told', async () => {
    const c = await opened(9)
    for (const event of c.events) await setAside(c, [event])
    await c.buffer.close()
    const [path = ''] = c.fileSystem.paths(`${DIRECTORY}/${folder}/c/seg`)
    const content = c.fileSystem.read(path)
    const at = content.indexOf('"i":"evt_4"')
    content[at + 6] = (content[at + 6] ?? 0) ^ 1
    c.fileSystem.replace(path, content)
    const again = await openedOn(c.fileSystem)
    expect(again.lostAside).toBe(1)
    expect(await idsOf(again)).toEqual([1, 2, 3, 5, 6, 7, 8, 9].map((number) => `evt_${number}`))
    await again.buffer.close()
    const third = await openedOn(c.fileSystem)
    expect(third.lostAside).toBe(0)
    await third.buffer.close()
  })

  test('may all be gone without a trace when their files never reached the disk, and then are in the log', async () => {
    const c = await opened(2)
    c.fileSystem.fault = (operation, path) =>
      operation === 'datasync' && path.includes(`/${folder}/c/seg/`) ? 'EIO' : undefined
    await expect(setAside(c, c.events)).rejects.toMatchObject({ reason: 'buffer_failed' })
    c.fileSystem.fault = undefined
    for (const files of [c.fileSystem.afterPowerCut(), c.fileSystem.afterKill()]) {
      const again = await openedOn(files)
      expect([await idsOf(again), (await again.consumer.load(again.lease)).lowWater]).toEqual([[], null])
      await again.buffer.close()
    }
    await setAside(c, c.events)
    expect(await idsOf(c)).toEqual(['evt_1', 'evt_2'])
    await c.buffer.close()
  })
})

describe('a parked event of a disk consumer', () => {
  test('is told to be lost once when its record cannot be read any more', async () => {
    const c = await opened(3)
    await c.consumer.park(c.lease, c.events.map(parked))
    const [path = ''] = c.fileSystem.paths(`${DIRECTORY}/park/c/seg`)
    const content = c.fileSystem.read(path)
    const at = content.indexOf('"i":"evt_2"')
    content[at + 6] = (content[at + 6] ?? 0) ^ 1
    c.fileSystem.replace(path, content)
    const entries = await c.consumer.readParked(c.lease, 'a', { limit: 10, maxBytes: 1e9 })
    const position = c.events[1]?.position
    const hole: ParkedEntry = {
      kind: 'hole',
      hole: { partition: 0, from: position ?? '', to: position ?? '', lost: 1 },
    }
    expect(entries[1]).toEqual(hole)
    expect(await parkedIds(c)).toEqual(['evt_1', 'evt_3'])
    await c.buffer.close()
  })

  test('that is done comes back at most after a power cut', async () => {
    const c = await opened(2)
    await c.consumer.park(c.lease, c.events.map(parked))
    await c.consumer.commit(c.lease, { done: c.events.slice(0, 1).map(({ position }) => position) })
    const killed = await openedOn(c.fileSystem.afterKill())
    expect(await parkedIds(killed)).toEqual(['evt_2'])
    await killed.buffer.close()
    const cut = await openedOn(c.fileSystem.afterPowerCut())
    expect(await parkedIds(cut)).toEqual(['evt_1', 'evt_2'])
    await cut.buffer.close()
    await c.buffer.close()
    const closed = await openedOn(c.fileSystem.afterPowerCut())
    expect(await parkedIds(closed)).toEqual(['evt_2'])
    await closed.buffer.close()
  })

  test('was a dead letter until it is on the disk', async () => {
    const c = await opened(3)
    await c.consumer.deadLetter(c.lease, c.events.map(letter))
    const calls: string[] = []
    c.fileSystem.fault = (operation, path) => {
      if (operation === 'datasync') calls.push(path.slice(DIRECTORY.length + 1).replace(/seg\/.*/, 'seg'))
      return undefined
    }
    expect(await c.consumer.redrive(c.events.slice(0, 2).map(place))).toBe(2)
    expect(calls.indexOf('park/c/seg')).toBeLessThan(calls.indexOf('dlq/c/gone.ack'))
    const again = await openedOn(c.fileSystem.afterPowerCut())
    expect(await parkedIds(again)).toEqual(['evt_1', 'evt_2'])
    expect((await deadLetters(again.consumer)).map(({ event }) => event.id)).toEqual(['evt_3'])
    await again.buffer.close()
  })

  test('is in both places, not in none, when a redrive breaks off between them', async () => {
    const c = await opened(1)
    await c.consumer.deadLetter(c.lease, c.events.map(letter))
    c.fileSystem.fault = (operation, path) => (operation === 'write' && path.includes('/dlq/') ? 'EIO' : undefined)
    await expect(c.consumer.redrive(c.events.map(place))).rejects.toMatchObject({ reason: 'buffer_failed' })
    const again = await openedOn(c.fileSystem.afterPowerCut())
    expect(await parkedIds(again)).toEqual(['evt_1'])
    expect(await deadLetters(again.consumer)).toHaveLength(1)
    // Whatever becomes of it then is the end of both.
    await again.consumer.deadLetter(again.lease, c.events.map(letter))
    expect([await parkedIds(again), (await deadLetters(again.consumer)).length]).toEqual([[], 1])
    await again.buffer.close()
  })
})

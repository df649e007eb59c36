import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Consumer, EventBuffer, FailureInfo, Lease, NewEvent, StoredEvent } from '../../src/buffer/event-buffer.ts'
import { moveEvents } from '../../src/buffer/move-events.ts'
import { diskBuffer, sqliteBuffer } from '../../src/disk/index.ts'
import { memoryBuffer } from '../../src/testing/index.ts'

const why: FailureInfo = { attempts: 3, at: 1_750_000_000_000, code: 'timeout', message: 'It took too long.' }
const everything = { limit: 10_000, maxBytes: 1e9 }

function eventOf(number: number): NewEvent {
  return {
    id: `evt_${number}`,
    key: `key_${number % 3}`,
    source: 'shop',
    type: 'order.paid',
    receivedAt: 1_750_000_000_000 + number,
    method: 'POST',
    url: '/hooks?a=%2F',
    headers: [
      ['X-Twice', 'one'],
      ['x-twice', 'two'],
    ],
    body: Uint8Array.of(0, 255, number & 0xff),
  }
}

async function opened(buffer: EventBuffer): Promise<EventBuffer> {
  await buffer.open()
  onTestFinished(() => buffer.close())
  return buffer
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-move-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function heldBy(buffer: EventBuffer, name: string): Promise<{ consumer: Consumer; lease: Lease }> {
  const consumer = await buffer.openConsumer(name)
  const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
  if (lease === undefined) throw new Error('Somebody has it.')
  return { consumer, lease }
}

/** What is where for a consumer, by the ids of events. */
async function placesOf(buffer: EventBuffer, name: string): Promise<Record<string, unknown>> {
  const { consumer, lease } = await heldBy(buffer, name)
  const { lowWater, done, retry } = await consumer.load(lease)
  const isOpen = ({ position }: StoredEvent): boolean =>
    !(lowWater !== null && position <= lowWater) && !done.includes(position)
  const entries = await consumer.read(lease, null, { ...everything, waitMs: 0 })
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  const open = events.filter(isOpen)
  const idOf = new Map(events.map(({ position, id }) => [position, id]))
  const parked: unknown[] = []
  for (const { lane } of await consumer.parkedLanes(lease))
    for (const entry of await consumer.readParked(lease, lane, everything))
      if (entry.kind === 'event') parked.push([lane, entry.parked.event.id, entry.parked.attempts, entry.parked.nextAt])
  const dead: unknown[] = []
  for await (const letter of consumer.deadLetters()) dead.push([letter.event.id, letter.lane, letter.why])
  await consumer.release(lease)
  return {
    open: open.map(({ id }) => id),
    retry: retry.map(({ position, ...state }) => [idOf.get(position), state]),
    parked: byText(parked),
    dead: byText(dead),
  }
}

function byText(values: readonly unknown[]): unknown[] {
  const textOf = (value: unknown): string => JSON.stringify(value)
  return values.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1))
}

/** 40 events in every place that an event can be in, for two consumers. */
async function fill(buffer: EventBuffer): Promise<void> {
  const [orders, mail] = [await heldBy(buffer, 'orders'), await heldBy(buffer, 'mail')]
  await buffer.append(Array.from({ length: 40 }, (_, index) => eventOf(index + 1)))
  const entries = await buffer.read(0, null, everything)
  const at = (number: number): StoredEvent => {
    const entry = entries[number - 1]
    if (entry?.kind !== 'event') throw new Error('It is lost.')
    return entry.event
  }
  const positions = (...numbers: readonly number[]): string[] => numbers.map((number) => at(number).position)
  await orders.consumer.park(orders.lease, [
    { event: at(2), lane: 'k:key_2', redrives: 1, attempts: 2, nextAt: 1_750_000_100_000 },
    { event: at(5), lane: 'k:key_2', redrives: 0, attempts: 0, nextAt: 0 },
  ])
  await orders.consumer.deadLetter(orders.lease, [{ event: at(7), lane: 'k:key_1', redrives: 0, why }])
  await orders.consumer.deadLetter(orders.lease, [{ event: at(4), lane: 'k:key_1', redrives: 2, why }])
  await orders.consumer.commit(orders.lease, {
    done: positions(1, 3, 6, 8, 9, 11),
    retry: [{ position: at(10).position, attempts: 1, nextAt: 1_750_000_200_000 }],
  })
  await mail.consumer.deadLetter(mail.lease, [{ event: at(5), lane: 'k:key_2', redrives: 0, why }])
  await mail.consumer.commit(mail.lease, { done: positions(1, 2, 3, 4, 7, 12) })
  await orders.consumer.release(orders.lease)
  await mail.consumer.release(mail.lease)
}

const buffers: Readonly<Record<string, () => Promise<EventBuffer>>> = {
  memory: async () => opened(memoryBuffer()),
  disk: async () => opened(diskBuffer({ directory: await temporaryDirectory() })),
  sqlite: async () => opened(sqliteBuffer({ directory: await temporaryDirectory() })),
}

describe('moveEvents', () => {
  test.each([
    ['memory', 'disk'],
    ['disk', 'sqlite'],
    ['sqlite', 'memory'],
  ])('brings every event from %s to its place in %s', async (source, target) => {
    const [from, to] = [await buffers[source]!(), await buffers[target]!()]
    await fill(from)
    const before = [await placesOf(from, 'orders'), await placesOf(from, 'mail')]
    // All but the two with which both are through.
    expect(await moveEvents(from, to)).toEqual({ moved: 38, duplicates: 0, lost: 0 })
    expect([await placesOf(to, 'orders'), await placesOf(to, 'mail')]).toEqual(before)
    expect([await placesOf(from, 'orders'), await placesOf(from, 'mail')]).toEqual(before)
  })

  test('keeps every byte, and the order of each key', async () => {
    const [from, to] = [await buffers['disk']!(), await buffers['sqlite']!()]
    const events = Array.from({ length: 700 }, (_, index) => eventOf(index))
    await from.append(events)
    const reports: number[] = []
    await moveEvents(from, to, { onProgress: ({ moved }) => reports.push(moved) })
    const stored = await to.read(0, null, everything)
    const plain = stored.map((entry) => {
      if (entry.kind !== 'event') throw new Error('It is lost.')
      const { partition: _partition, position: _position, body, ...event } = entry.event
      return { ...event, body: Uint8Array.from(body) }
    })
    expect(plain).toEqual(events)
    expect(reports).toEqual([256, 512, 700])
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'goes on where it was broken off, after %i calls of the target',
    async (calls) => {
      const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
      await fill(from)
      const before = [await placesOf(from, 'orders'), await placesOf(from, 'mail')]
      await moveEvents(from, failingAfter(to, calls)).catch((error: unknown) => expect(error).toBe(crash))
      await from.append([eventOf(100)])
      const { moved, duplicates } = await moveEvents(from, to)
      expect(moved + duplicates).toBeGreaterThan(0)
      const after = [await placesOf(to, 'orders'), await placesOf(to, 'mail')]
      expect(after).toEqual(before.map((places) => ({ ...places, open: [...(places['open'] as string[]), 'evt_100'] })))
    },
  )

  test('brings what is set aside and no more in the log to its place before what came later', async () => {
    const [from, to] = [await buffers['sqlite']!(), await buffers['memory']!()]
    await fill(from)
    const hidden = withoutInLog(from, ['evt_2', 'evt_4', 'evt_5', 'evt_7'])
    await moveEvents(hidden, to)
    const ids = (await to.read(0, null, everything)).map((entry) => entry.kind === 'event' && entry.event.id)
    expect(ids).toEqual(
      Array.from({ length: 40 }, (_, index) => `evt_${index + 1}`).filter((id) => !['evt_1', 'evt_3'].includes(id)),
    )
  })

  test('keeps the order of many that are set aside only', async () => {
    const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
    const { consumer, lease } = await heldBy(from, 'orders')
    await from.append(Array.from({ length: 700 }, (_, index) => eventOf(index)))
    const entries = await from.read(0, null, everything)
    const aside = entries.flatMap((entry, index) => (entry.kind === 'event' && index % 10 > 0 ? [entry.event] : []))
    // The oldest letter is of the newest event.
    for (const event of aside.toReversed()) await consumer.deadLetter(lease, [{ event, lane: 'a', redrives: 0, why }])
    await consumer.release(lease)
    await moveEvents(
      withoutInLog(
        from,
        aside.map(({ id }) => id),
      ),
      to,
    )
    const ids = (await to.read(0, null, everything)).map((entry) => entry.kind === 'event' && entry.event.id)
    expect(ids).toEqual(Array.from({ length: 700 }, (_, index) => `evt_${index}`))
  })

  test('moves what came since when it is called again', async () => {
    const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
    await from.append([eventOf(1)])
    await moveEvents(from, to)
    await from.append([eventOf(2)])
    expect(await moveEvents(from, to)).toEqual({ moved: 1, duplicates: 0, lost: 0 })
  })

  test('refuses to move what somebody delivers', async () => {
    const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
    await fill(from)
    const consumer = await from.openConsumer('orders')
    const busy: EventBuffer = {
      ...bound(from),
      openConsumer: async (name, options) =>
        name === 'orders' ? { ...bound(consumer), acquire: async () => [] } : from.openConsumer(name, options),
    }
    const clock = fakeClock()
    const moving = moveEvents(busy, to, { clock, waitMs: 2_000 })
    moving.catch(() => {})
    await clock.advance(2_000)
    await expect(moving).rejects.toMatchObject({ code: 'conflict', reason: 'consumer_in_use' })
    expect((await to.stats()).events).toBe(0)
  })

  test('holds its leases for as long as it takes, and stops when one is lost', async () => {
    const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
    await from.append(Array.from({ length: 300 }, (_, index) => eventOf(index)))
    await from.openConsumer('orders')
    const clock = fakeClock()
    let renewals = 0
    const slow: EventBuffer = {
      ...bound(to),
      append: async (events) => {
        await clock.advance(30_000)
        return to.append(events)
      },
      openConsumer: async (name, options) => ({
        ...bound(await to.openConsumer(name, options)),
        renew: async () => ++renewals < 9,
      }),
    }
    await expect(moveEvents(from, slow, { clock })).rejects.toMatchObject({ reason: 'consumer_in_use' })
    expect(renewals).toBeGreaterThanOrEqual(9)
    expect((await to.stats()).events).toBe(256)
    expect(await moveEvents(from, to)).toMatchObject({ moved: 44 })
  })

  test('stops between two batches when it is told to', async () => {
    const [from, to] = [await buffers['memory']!(), await buffers['memory']!()]
    await from.append(Array.from({ length: 600 }, (_, index) => eventOf(index)))
    const controller = new AbortController()
    const reason = new Error('enough')
    const moving = moveEvents(from, to, { signal: controller.signal, onProgress: () => controller.abort(reason) })
    await expect(moving).rejects.toBe(reason)
    expect((await to.stats()).events).toBe(256)
    expect(await moveEvents(from, to)).toMatchObject({ moved: 344, duplicates: 0 })
  })
})

const crash = new Error('crash')

/** An object whose methods can be spread. */
function bound<Value extends object>(value: Value): Value {
  return new Proxy({} as Value, {
    get: (_, name) => bind(value, name),
    ownKeys: () => methodsOf(value),
    getOwnPropertyDescriptor: (_, name) => ({ value: bind(value, name), enumerable: true, configurable: true }),
  })
}

function bind(value: object, name: PropertyKey): unknown {
  const member: unknown = Reflect.get(value, name, value)
  return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(value) : member
}

function methodsOf(value: object): string[] {
  const names = new Set(Object.keys(value))
  for (let type: unknown = Object.getPrototypeOf(value); type !== Object.prototype; type = Object.getPrototypeOf(type))
    for (const name of Object.getOwnPropertyNames(type)) if (name !== 'constructor') names.add(name)
  return [...names]
}

/** The buffer as it is for a process that dies after so many changes. */
function failingAfter(buffer: EventBuffer, calls: number): EventBuffer {
  let left = calls
  const dying = <Value extends object>(value: Value, names: readonly string[]): Value =>
    ({
      ...bound(value),
      ...Object.fromEntries(
        names.map((name) => [
          name,
          async (...args: unknown[]) => {
            if (left-- <= 0) throw crash
            return (bind(value, name) as (...given: unknown[]) => unknown)(...args)
          },
        ]),
      ),
    }) as Value
  return {
    ...dying(buffer, ['append']),
    openConsumer: async (name, options) =>
      dying(await buffer.openConsumer(name, options), ['commit', 'park', 'deadLetter']),
  }
}

/** The buffer as it is when the log has deleted these. */
function withoutInLog(buffer: EventBuffer, ids: readonly string[]): EventBuffer {
  return {
    ...bound(buffer),
    openConsumer: async (name, options) => {
      const consumer = await buffer.openConsumer(name, options)
      return {
        ...bound(consumer),
        read: async (...args) =>
          (await consumer.read(...args)).filter((entry) => entry.kind !== 'event' || !ids.includes(entry.event.id)),
      }
    },
  }
}

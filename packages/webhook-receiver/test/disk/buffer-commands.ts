import { crc32 } from 'node:zlib'
import type { Random } from '@holdfast/core'
import type { FakeClock } from '@holdfast/core/testing'
import type { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer, CursorState, EventBuffer, Lease, StoredEvent } from '../../src/buffer/event-buffer.ts'
import { consumerOf, numberedEvent } from './sample-buffer.ts'

/** What a buffer answered to a command, in a form that can be compared. */
export type Answer = readonly [command: string, result: unknown]

/** What callers were told, for a crash at any moment. */
export interface CommandsTold {
  /** Numbers of the events that were acknowledged, by position. */
  readonly acknowledged: Map<string, number>
  /** Positions that were to be done or purged, whether that was answered or not. */
  readonly finished: Set<string>
}

/** A buffer to play with, and what can happen to it besides commands. Where something cannot happen to a buffer, what must come of it is assumed. */
export interface Subject {
  /** A buffer on what the last one stored. */
  make(): EventBuffer
  /** The same, after the process of the last one was killed instead of closing it. */
  makeAfterKill?(): EventBuffer
  /** The same, after its power was cut. */
  makeAfterPowerCut?(): EventBuffer
  /** What callers were told so far is noted here. */
  readonly told?: CommandsTold
  /** Whether writes find no room from now on. */
  setFull?(isFull: boolean): void
}

interface Play {
  readonly subject: Subject
  buffer: EventBuffer
  consumer: Consumer
  lease: Lease
  /** Everything that was read so far. */
  readonly events: StoredEvent[]
  next: number
}

type CommandPlayer = (play: Play, random: Random, clock: FakeClock) => Promise<unknown>

export const lanes = ['a', 'b', 'c'] as const
const ends = ['stop', 'kill', 'power cut'] as const
/** How long acks may wait for a sync. */
const SYNCED_WITHIN_MS = 2_000
const why = { attempts: 3, at: 5, code: 'upstream_error', message: 'no' } as const

/** Everything that the contract has. Each is chosen as often as it is listed. */
const commands: Readonly<Record<string, CommandPlayer>> = {
  async append(play, random) {
    const events = Array.from({ length: 1 + below(random, 4) }, () => {
      const isRepeat = play.next > 1 && random.next() < 0.3
      const number = isRepeat ? 1 + below(random, play.next - 1) : play.next++
      return numberedEvent(number, below(random, 2000))
    })
    const results = await play.buffer.append(events)
    for (const [index, { position }] of results.entries())
      play.subject.told?.acknowledged.set(position, numberOf(events[index]))
    return results
  },
  async appendToFullDisk({ subject, buffer, next }, random) {
    const events = Array.from({ length: 1 + below(random, 3) }, (_, index) =>
      numberedEvent(next + index, below(random, 2000)),
    )
    if (subject.setFull === undefined) return 'buffer_full'
    subject.setFull(true)
    const result = await buffer.append(events).catch((error: BufferError) => error.reason)
    subject.setFull(false)
    return result
  },
  async read(play, random) {
    const last = play.events.at(-1)
    // What counts towards `maxBytes` besides the body is left to the buffer.
    const options = { limit: 1 + below(random, 20), maxBytes: 1e9, waitMs: 0 }
    const entries = await play.consumer.read(play.lease, last?.position ?? null, options)
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    play.events.push(...events)
    return comparable(events)
  },
  async history(play, random) {
    const after = one(play.events, random)?.position ?? null
    const entries = await play.buffer.read(0, after, { limit: 5, maxBytes: 1e9 })
    return comparable(entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : [])))
  },
  async commit(play, random) {
    const done = some(play.events, random, 0.3).map(({ position }) => position)
    noteFinished(play, done)
    const retry = some(play.events, random, 0.1).map(({ position }) => ({
      position,
      attempts: 1 + below(random, 5),
      nextAt: below(random, 1000),
    }))
    // Of an event that is both there is no telling which came last.
    return play.consumer.commit(play.lease, { done, retry: retry.filter(({ position }) => !done.includes(position)) })
  },
  async park(play, random) {
    const events = some(play.events, random, 0.15).map((event) => ({
      event,
      lane: laneOf(event),
      redrives: 0,
      attempts: below(random, 4),
      nextAt: below(random, 1000),
      ...(random.next() < 0.3 ? { blocked: why } : {}),
    }))
    return play.consumer.park(play.lease, events)
  },
  async deadLetter(play, random) {
    const letters = some(play.events, random, 0.1).map((event) => ({ event, lane: laneOf(event), redrives: 0, why }))
    return play.consumer.deadLetter(play.lease, letters)
  },
  async redrive(play, random) {
    return play.consumer.redrive(some(play.events, random, 0.2).map(placeOf))
  },
  async purge(play, random) {
    const places = some(play.events, random, 0.05).map(placeOf)
    noteFinished(
      play,
      places.map(({ position }) => position),
    )
    return play.consumer.purge(places)
  },
  async advance(_play, random, clock) {
    await clock.advance(below(random, random.next() < 0.2 ? 90_000 : 1_500))
  },
  async second({ buffer }, random) {
    const consumer = await buffer.openConsumer('d', { from: random.next() < 0.5 ? 'earliest' : 'latest' })
    const [lease] = await consumer.acquire({ owner: 'test', leaseMs: 1000 })
    if (lease === undefined) return 'no lease'
    const { lowWater } = await consumer.load(lease)
    const entries = await consumer.read(lease, lowWater, { limit: 1 + below(random, 5), maxBytes: 1e9, waitMs: 0 })
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    await consumer.commit(lease, { done: some(events, random, 0.7).map(({ position }) => position) })
    const cursor = comparableCursor(await consumer.load(lease))
    await consumer.release(lease)
    return [comparable(events), cursor]
  },
  async removeSecond({ buffer }, random) {
    if (random.next() < 0.5) await buffer.removeConsumer('d')
  },
}

/** Plays random commands, some of them given, with a buffer and restarts now and then. After each it asks for everything that can be asked. */
export async function playCommands(
  subject: Subject,
  clock: FakeClock,
  random: Random,
  count: number,
  first: readonly string[] = [],
): Promise<Answer[]> {
  const answers: Answer[] = []
  let play = await started(subject, subject.make(), { events: [], next: 1 })
  const names = Object.keys(commands)
  for (let index = 0; index < count; index++) {
    if (random.next() < 0.15) play = await restarted(play, clock, one(ends, random))
    const name = first[index] ?? one(names, random) ?? 'append'
    const result = await commands[name]?.(play, random, clock)
    answers.push([name, result], ['state', await stateOf(play)])
  }
  await play.buffer.close()
  return answers
}

async function started(
  subject: Subject,
  buffer: EventBuffer,
  { events, next }: Pick<Play, 'events' | 'next'>,
): Promise<Play> {
  await buffer.open()
  return { subject, buffer, ...(await consumerOf(buffer)), events, next }
}

async function restarted(play: Play, clock: FakeClock, end: (typeof ends)[number] | undefined): Promise<Play> {
  const { subject, buffer } = play
  if (end === 'power cut') {
    await clock.advance(SYNCED_WITHIN_MS)
    if (subject.makeAfterPowerCut !== undefined) return started(subject, subject.makeAfterPowerCut(), play)
  }
  if (end === 'kill' && subject.makeAfterKill !== undefined) return started(subject, subject.makeAfterKill(), play)
  await buffer.close()
  return started(subject, subject.make(), play)
}

async function stateOf({ buffer, consumer, lease }: Play): Promise<unknown> {
  const parkedLanes = await consumer.parkedLanes(lease)
  const parked = await Promise.all(
    lanes.map((lane) => consumer.readParked(lease, lane, { limit: 1000, maxBytes: 1e9 })),
  )
  const dead: unknown[] = []
  for await (const { event, ...letter } of consumer.deadLetters()) dead.push([letter, ...comparable([event])])
  const { events, consumers } = await buffer.stats()
  return {
    ...comparableCursor(await consumer.load(lease)),
    events,
    consumers,
    parkedLanes: parkedLanes.toSorted((left, right) => (left.lane < right.lane ? -1 : 1)),
    parked: parked.map((entries) =>
      entries.map(
        (entry) =>
          entry.kind === 'event' && [{ ...entry.parked, event: undefined }, ...comparable([entry.parked.event])],
      ),
    ),
    dead,
    deadLanes: (await consumer.deadLanes(lease)).toSorted(),
  }
}

function comparable(events: readonly StoredEvent[]): unknown[] {
  return events.map(({ body, ...event }) => ({ ...event, body: [body.length, crc32(body)] }))
}

function comparableCursor({ lowWater, done, retry }: CursorState): object {
  const inOrder = retry.toSorted((left, right) => (left.position < right.position ? -1 : 1))
  return {
    lowWater,
    done,
    retry: inOrder.map(({ position, attempts, nextAt }) => [position, attempts, nextAt]),
  }
}

function noteFinished({ subject }: Play, positions: readonly string[]): void {
  for (const position of positions) subject.told?.finished.add(position)
}

function placeOf({ partition, position }: StoredEvent): { readonly partition: number; readonly position: string } {
  return { partition, position }
}

function laneOf(event: StoredEvent): string {
  return lanes[numberOf(event) % lanes.length] ?? 'a'
}

function numberOf(event: { readonly id: string } | undefined): number {
  return Number(event?.id.slice('evt_'.length))
}

function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

function one<T>(items: readonly T[], random: Random): T | undefined {
  return items[below(random, items.length)]
}

function some<T>(items: readonly T[], random: Random, ratio: number): T[] {
  return items.filter(() => random.next() < ratio)
}

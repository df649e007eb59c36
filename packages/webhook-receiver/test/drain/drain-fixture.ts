import { createEmitter, type Emitter, type Random } from '@holdfast/core'
import { type EventRecorder, type FakeClock, fakeClock, recordEvents } from '@holdfast/core/testing'
import type { Consumer, DeadLetter, EventBuffer, NewEvent } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { resolveDestination } from '../../src/drain/destination-options.ts'
import { createDrain, type Drain } from '../../src/drain/drain.ts'
import type { WindowLimits } from '../../src/drain/window.ts'
import type { ReceiverEventMap } from '../../src/events/receiver-event-map.ts'
import type { DestinationOptions, Handler } from '../../src/receiver/destination-options.ts'

/** Randomness in which nothing is left to chance: every wait is three quarters of its bound. */
export const halfway: Random = { next: () => 0.5, uuid: () => '00000000-0000-4000-8000-000000000000' }

/** An event of a key. */
export function event(id: string, key = 'one', fields: Partial<NewEvent> = {}): NewEvent {
  return {
    id,
    source: 'shop',
    key,
    receivedAt: 0,
    method: 'POST',
    url: '/webhooks/shop',
    headers: [],
    body: new TextEncoder().encode(JSON.stringify({ id })),
    ...fields,
  }
}

export interface DrainFixture {
  readonly clock: FakeClock
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  readonly events: Emitter<ReceiverEventMap>
  readonly heard: EventRecorder<ReceiverEventMap>
  readonly drain: Drain
  /** Lets everything happen that needs no time. */
  readonly quiet: () => Promise<void>
  /** Runs until everything stored is done, moving the clock from timer to timer. */
  readonly drained: () => Promise<void>
  readonly deadLetters: () => Promise<DeadLetter[]>
  /** Another drain on the same buffer, as after a restart. */
  readonly again: (options: DestinationOptions, owner?: string) => Promise<DrainFixture>
}

export interface DrainSetup {
  readonly clock?: FakeClock
  readonly buffer?: EventBuffer
  readonly partitions?: number
  readonly name?: string
  readonly owner?: string
  readonly random?: Random
  readonly limits?: WindowLimits
  readonly leaseMs?: number
  /** Stands between the drain and its consumer. */
  readonly wrap?: (consumer: Consumer) => Consumer
}

/** A drain that is not started, on an open memory buffer with `stored` in it, under a fake clock. */
export async function drainFixture(
  options: DestinationOptions,
  stored: readonly NewEvent[] = [],
  setup: DrainSetup = {},
): Promise<DrainFixture> {
  const clock = setup.clock ?? fakeClock()
  const buffer = setup.buffer ?? memoryBuffer({ clock, partitions: setup.partitions ?? 1 })
  if (setup.buffer === undefined) await buffer.open()
  await buffer.append(stored)
  const name = setup.name ?? 'orders'
  const opened = await buffer.openConsumer(name)
  const consumer = setup.wrap?.(opened) ?? opened
  const events = createEmitter<ReceiverEventMap>()
  const heard = recordEvents<ReceiverEventMap>(events, [
    'delivery:succeeded',
    'delivery:retried',
    'delivery:dead-lettered',
    'destination:paused',
    'destination:resumed',
    'destination:failed-over',
    'destination:failed-back',
    'key:parked',
    'key:blocked',
    'key:recovered',
    'drain:parking-full',
    'drain:failed',
    'drain:idle',
    'buffer:lost',
  ])
  const drain = createDrain({
    name,
    destination: resolveDestination(`destinations.${name}`, options),
    buffer,
    consumer,
    owner: setup.owner ?? 'first',
    clock,
    random: setup.random ?? halfway,
    events,
    ...(setup.limits === undefined ? {} : { limits: setup.limits }),
    ...(setup.leaseMs === undefined ? {} : { leaseMs: setup.leaseMs }),
  })
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await clock.flush()
  }
  return {
    clock,
    buffer,
    consumer,
    events,
    heard,
    drain,
    quiet,
    async drained() {
      const done = drain.drained()
      await quiet()
      await clock.runUntil(done)
    },
    async deadLetters() {
      const letters: DeadLetter[] = []
      for await (const letter of consumer.deadLetters()) letters.push(letter)
      return letters
    },
    again: (next, owner = 'second') => drainFixture(next, [], { ...setup, clock, buffer, name, owner }),
  }
}

/** A handler whose calls are settled by the test. */
export interface ManualHandler {
  readonly handle: Handler
  /** Ids of the events at work, in order of start. */
  readonly running: readonly string[]
  /** Ids of every call, in order of start. */
  readonly started: readonly string[]
  readonly succeed: (id: string) => void
  readonly fail: (id: string, error?: unknown) => void
}

export function manualHandler(): ManualHandler {
  const calls = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  const started: string[] = []
  const take = (id: string) => {
    const call = calls.get(id)
    if (call === undefined) throw new Error(`${id} is not at work`)
    calls.delete(id)
    return call
  }
  return {
    handle: ({ id }) =>
      new Promise((resolve, reject) => {
        started.push(id)
        calls.set(id, { resolve, reject })
      }),
    get running() {
      return [...calls.keys()]
    },
    started,
    succeed: (id) => take(id).resolve(),
    fail: (id, error = new Error('not now')) => take(id).reject(error),
  }
}

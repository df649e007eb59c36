import { type Clock, createEmitter, InvalidOptionsError, type Random } from '@holdfast/core'
import type { EventBuffer, StoredEvent } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { ReplayOptions, ReplayReport } from '../receiver/destination-control.ts'
import { eventMatcher, timeOf } from '../receiver/event-query.ts'
import type { ResolvedDestination } from './destination-options.ts'
import { createDrain } from './drain.ts'
import { createHistoryConsumer, type HistoryRange } from './history-consumer.ts'

const MAX_ATTEMPTS = 10
const FAILURES_KEPT = 100
// Handlers of a replay that was ended get no more time than that.
const STOP_MS = 1_000

/** Delivers a part of the history to one destination, with a drain of its own. `quit` ends it with its reason. */
export async function replayHistory(
  setup: {
    readonly name: string
    readonly destination: ResolvedDestination
    readonly buffer: EventBuffer
    readonly clock: Clock
    readonly random: Random
    readonly quit: AbortSignal
  },
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { name, buffer, clock, random, quit } = setup
  const startedAtMs = clock.monotonicMs()
  // What comes from now on is no history.
  const to = timeOf(options.to) ?? clock.now() + 1
  const chooses = eventMatcher({ ...options, to })
  const broken = new AbortController()
  /** What `where` throws ends the replay: the drain would take it for a failure of the buffer, and try again without end. */
  const matches = (event: StoredEvent): boolean => {
    try {
      return chooses(event)
    } catch (error) {
      broken.abort(error)
      throw error
    }
  }
  const failures: ReplayReport['failures'][number][] = []
  let failed = 0
  const consumer = createHistoryConsumer({
    // Not that of the destination, whose backlog says nothing about this.
    name: `replay of ${name}`,
    buffer,
    ranges: await rangesOf(buffer, options),
    matches,
    isBeyond: (event: StoredEvent) => event.receivedAt >= to,
    onGivenUp: ({ event: { id, position }, why: { message } }) => {
      failed += 1
      if (failures.length < FAILURES_KEPT) failures.push({ id, position, message })
    },
  })
  const drain = createDrain({
    ...setup,
    destination: destinationOf(setup.destination, options),
    consumer,
    owner: random.uuid(),
    // Its events are not those of the destination: who counts deliveries would count them twice.
    events: createEmitter<ReceiverEventMap>(),
  })
  const ended = AbortSignal.any([quit, broken.signal, ...(options.signal === undefined ? [] : [options.signal])])
  ended.throwIfAborted()
  drain.start()
  try {
    await drain.drained(ended)
  } finally {
    await drain.stop({ timeoutMs: STOP_MS })
  }
  const { delivered } = drain.snapshot()
  return { delivered, failed, failures, durationMs: clock.monotonicMs() - startedAtMs }
}

async function rangesOf(buffer: EventBuffer, { after, upTo, from }: ReplayOptions): Promise<HistoryRange[]> {
  const { partitions: count } = buffer.caps
  if (after?.partition !== undefined && after.partition >= count)
    throw new InvalidOptionsError({
      path: 'after.partition',
      expected: `a partition from 0 to ${count - 1}`,
      received: after.partition,
    })
  if (after !== undefined || upTo !== undefined)
    return [{ partition: after?.partition ?? 0, after: after?.position ?? null, upTo }]
  const at = timeOf(from)
  const partitions = Array.from({ length: count }, (_, partition) => partition)
  return Promise.all(
    partitions.map(async (partition) => ({
      partition,
      after: at === undefined ? null : await buffer.positionBefore(partition, at),
      upTo: undefined,
    })),
  )
}

function destinationOf(destination: ResolvedDestination, options: ReplayOptions): ResolvedDestination {
  return {
    ...destination,
    ...(options.ratePerSecond === undefined ? {} : { ratePerSecond: options.ratePerSecond, pace: undefined }),
    maxAttempts: options.maxAttempts ?? Math.min(destination.maxAttempts, MAX_ATTEMPTS),
    onExhausted: 'deadLetter',
  }
}

import { abortSignal, callback, checkOptions, type Clock, clockObject, durationMs, systemClock } from '@holdfast/core'
import type {
  AppendResult,
  DeadLetter,
  EventBuffer,
  NewEvent,
  ParkedEvent,
  Position,
  RetryState,
  StoredEvent,
} from './event-buffer.ts'
import { HeldConsumer } from './held-consumer.ts'
import { batchesOf, consumerNames, type MovedBatch } from './move-source.ts'

/** The consumer of the source that remembers how far a move is. */
export const MOVING_CONSUMER = 'holdfast-move'

const WAIT_MS = 15_000

/** What a move has done so far. */
export interface MoveReport {
  /** Events that were stored in the target. */
  readonly moved: number
  /** Events that were there already, as after a move that was broken off. */
  readonly duplicates: number
  /** Records that the source knows to be lost. */
  readonly lost: number
}

/** Options of `moveEvents`. */
export interface MoveOptions {
  /** Called after each few hundred events. */
  readonly onProgress?: (report: MoveReport) => void
  /** Called once for a consumer from which somebody still delivers, when the wait for that begins. */
  readonly onWait?: (wait: { readonly consumer: string }) => void
  /** Stops between two batches. A later call goes on there. */
  readonly signal?: AbortSignal
  /**
   * How long is waited until nobody delivers any more, ms. A process that was killed, a move for one, has its leases for some time yet. From 0;
   * `Infinity`: without an end.
   *
   * @defaultValue `15_000`
   */
  readonly waitMs?: number
  /** @defaultValue `systemClock` */
  readonly clock?: Clock
}

/**
 * Moves what is not delivered from one buffer into another: events that a consumer is not through with, with their attempts, parked events and dead letters
 * of every consumer, in order. Both are open, of any kind. The source may take events meanwhile, and the target too; nobody may deliver from them: all
 * leases are taken, and given back at the end.
 *
 * Nothing is taken from the source but what a consumer of its own, `holdfast-move`, notes after each batch is durable in the target. So it can be broken off
 * at any time and called again: what was stored already is a duplicate then, within the target's `dedupeWindowMs`. Remove the source afterwards, or that consumer.
 *
 * @throws IntegrationError `conflict` (`consumer_in_use`) while somebody delivers; BufferError as the buffers throw it; the signal's reason.
 */
export async function moveEvents(from: EventBuffer, to: EventBuffer, options: MoveOptions = {}): Promise<MoveReport> {
  checkOptions('', options, {
    onProgress: callback,
    onWait: callback,
    signal: abortSignal,
    waitMs: durationMs({ infinity: true }),
    clock: clockObject,
  })
  const { onProgress, onWait, signal, waitMs = WAIT_MS, clock = systemClock } = options
  let held: HeldConsumer[] = []
  const take = async (buffer: EventBuffer, name: string, start: 'earliest' | 'latest'): Promise<HeldConsumer> => {
    const consumer = await HeldConsumer.take(buffer, name, {
      from: start,
      owner: MOVING_CONSUMER,
      waitMs,
      onWait,
      clock,
      signal,
    })
    held.push(consumer)
    return consumer
  }
  const releaseAll = async (): Promise<void> => {
    await Promise.all(held.map((consumer) => consumer.release()))
    held = []
  }
  const takeAll = async (): Promise<{ mover: HeldConsumer; sources: HeldConsumer[]; targets: HeldConsumer[] }> => {
    const names = await consumerNames(from, MOVING_CONSUMER)
    const mover = await take(from, MOVING_CONSUMER, 'earliest')
    const sources: HeldConsumer[] = []
    for (const name of names) sources.push(await take(from, name, 'earliest'))
    const targets: HeldConsumer[] = []
    // What is moved comes behind what is there, so a consumer that is new need not see that.
    for (const name of names) targets.push(await take(to, name, 'latest'))
    return { mover, sources, targets }
  }
  try {
    let taken = await takeAll()
    // While one was waited for, a server that was started again may have ended the leases of another.
    while (held.some(({ isLost }) => isLost)) {
      await releaseAll()
      taken = await takeAll()
    }
    const { mover, sources, targets } = taken
    let report: MoveReport = { moved: 0, duplicates: 0, lost: 0 }
    for (let partition = 0; partition < from.caps.partitions; partition++)
      for await (const batch of batchesOf(mover, sources, partition)) {
        signal?.throwIfAborted()
        for (const consumer of held) consumer.requireHeld()
        const results = batch.events.length === 0 ? [] : await to.append(batch.events.map(newEventOf))
        for (const target of targets) await settle(target, batch, results)
        await batch.commit()
        const duplicates = results.filter(({ status }) => status === 'duplicate').length
        report = {
          moved: report.moved + results.length - duplicates,
          duplicates: report.duplicates + duplicates,
          lost: report.lost + batch.lost,
        }
        onProgress?.(report)
      }
    return report
  } finally {
    await releaseAll()
  }
}

interface Changes {
  readonly done: Position[]
  readonly retry: RetryState[]
  readonly parked: ParkedEvent[]
  readonly dead: DeadLetter[]
}

/** Brings the events of a batch to where they are for a consumer in the source. */
async function settle(
  target: HeldConsumer,
  { events, standingOf }: MovedBatch,
  results: readonly AppendResult[],
): Promise<void> {
  const changes = new Map<number, Changes>()
  for (const [index, original] of events.entries()) {
    const result = results[index]
    if (result === undefined) throw new Error('An event was appended without a result.')
    const { partition, position } = result
    const event: StoredEvent = { ...original, partition, position }
    const into = changes.get(partition) ?? { done: [], retry: [], parked: [], dead: [] }
    changes.set(partition, into)
    const standing = standingOf(target.consumer.name, original)
    switch (standing.kind) {
      case 'done':
        into.done.push(position)
        break
      case 'open':
        if (standing.retry !== undefined) into.retry.push({ ...standing.retry, position })
        break
      case 'parked':
        into.parked.push({ ...standing.note, event })
        break
      case 'dead':
        into.dead.push({ ...standing.note, event })
        break
    }
  }
  for (const [partition, { done, retry, parked, dead }] of changes) {
    const lease = target.leaseOf(partition)
    if (done.length + retry.length > 0) await target.consumer.commit(lease, { done, retry })
    if (parked.length > 0) await target.consumer.park(lease, parked)
    if (dead.length > 0) await target.consumer.deadLetter(lease, dead)
  }
}

function newEventOf({ partition: _partition, position: _position, ...event }: StoredEvent): NewEvent {
  return event
}

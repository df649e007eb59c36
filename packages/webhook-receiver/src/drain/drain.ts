import { type Clock, type Emitter, IntegrationError, type Random } from '@holdfast/core'
import type { Consumer, EventBuffer, Lease } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { DestinationSnapshot } from '../receiver/destination-snapshot.ts'
import type { DestinationStatus } from '../receiver/destination-control.ts'
import type { ResolvedDestination } from './destination-options.ts'
import { bufferRetry, createBufferPatience } from './buffer-patience.ts'
import { createDeliveryReports, type DeliveryCounts } from './delivery-reports.ts'
import type { DrainContext } from './drain-context.ts'
import { createDispatcher } from './dispatcher.ts'
import { createEffects } from './effects.ts'
import { fairShare } from './fair-share.ts'
import { keyFinder } from './ordering-key.ts'
import type { ParkedTotals } from './parked-parts.ts'
import { type PartitionDrain, startPartitionDrain } from './partition-drain.ts'
import { createParkingAlert } from './parking-alert.ts'
import { createStoppableWaits } from './stoppable-waits.ts'
import { createOutlet } from './outlet.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { WindowLimits } from './window.ts'

/** Delivers what a consumer's partitions hold to one destination: in order per key, paced, repeated until it succeeds. */
export interface Drain {
  /** Begins. A second call changes nothing. */
  start(): void
  snapshot(): DestinationSnapshot
  /** Whether there is something to deliver, and nobody holds it. */
  readonly isBusy: boolean
  /**
   * Resolves when everything that was in the buffer at the time of the call, in the partitions that this process has, is
   * delivered or among the dead letters.
   *
   * @throws the signal's reason as soon as `signal` aborts; IntegrationError `canceled` when the drain stops first.
   */
  drained(signal?: AbortSignal): Promise<void>
  /** Starts nothing any more as long as it is held; handlers at work finish. */
  hold(isHeld: boolean): void
  /** What decides when events go out, and where to. */
  outlet(): Pick<DestinationStatus, 'breaker' | 'ratePerSecond' | 'isOnBackup'>
  /** Looks at what is parked again, after somebody else changed it. */
  lookAside(): Promise<void>
  /** Has the first event of a blocked key tried again. False: the key is not blocked in a partition of this process. */
  resumeKey(key: string): Promise<boolean>
  /**
   * Starts nothing any more, lets handlers finish for up to `timeoutMs`, aborts the signals of those that did not, writes the
   * acks of those that did and gives the partitions back. Once stopped it cannot be started again. A further call waits for the same end, and has
   * handlers aborted after its own time where that is over first; `Infinity`: it does not.
   */
  stop(options: { readonly timeoutMs: number }): Promise<void>
}

/** What a drain is made of. */
export interface DrainOptions {
  /** Name of the destination. */
  readonly name: string
  readonly destination: ResolvedDestination
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  /** Names this process among the lease holders. Must be unique among those that share the buffer. */
  readonly owner: string
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
  /** How far it reads ahead in each partition. Default: 2,048 records, 16 MiB, and 16,384 records beyond one that is stuck. */
  readonly limits?: WindowLimits
  /** How long partitions stay with this process without a word of it, in milliseconds. Default: `30_000`. */
  readonly leaseMs?: number
  /** Nobody else is to drain: it is idle only while it has all partitions. Default: it is when what it has is done. */
  readonly isOnly?: boolean
}

const DEFAULT_LIMITS: WindowLimits = { records: 2048, span: 16_384, bytes: 16 * 1024 * 1024 }
/** Default of `leaseMs`. */
export const DEFAULT_LEASE_MS = 30_000

/** Makes the drain of one destination. It does nothing until `start()`. */
export function createDrain(options: DrainOptions): Drain {
  const { name, destination, buffer, consumer, owner, clock, random, events, leaseMs = DEFAULT_LEASE_MS } = options
  const { isOnly = false } = options
  // How often partitions that are missing are asked for, and who else is there.
  const acquireEveryMs = leaseMs / 3
  const { idempotency: store, idempotencyTtlMs: ttlMs } = destination
  const effects = createEffects({ name, store, ttlMs, clock, owner })
  const { target, valve, failover } = createOutlet(options)
  const dispatcher = createDispatcher({ name, destination, clock, effects, valve, target })
  const patience = createBufferPatience({ name, clock, random, events })
  const acquireTries = patience.tries({ ...bufferRetry, maxDelayMs: acquireEveryMs })
  const partitions = new Map<number, PartitionDrain>()
  const leaving = new Set<Promise<void>>()
  const waits = createStoppableWaits()
  const counts: DeliveryCounts = { delivered: 0, retried: 0, deadLettered: 0 }
  const parked: ParkedTotals = { events: 0, bytes: 0, blockedKeys: 0 }
  const parkingAlert = createParkingAlert({ name, destination, parked, events })
  let state: 'created' | 'started' | 'stopped' = 'created'
  let idle = false
  let acquiring: Promise<void> | undefined
  let cancelAcquire: (() => void) | undefined
  let stopping: Promise<void> | undefined
  let setAcquired: () => void
  // The first answer of the buffer is there, or none is waited for any more.
  const acquired = new Promise<void>((resolve) => {
    setAcquired = resolve
  })

  const context: DrainContext = {
    name,
    destination,
    consumer,
    dispatcher,
    patience,
    clock,
    random,
    events,
    limits: options.limits ?? DEFAULT_LIMITS,
    leaseMs,
    asideMark: async (lease) => (buffer.caps.asideMarks === true ? consumer.asideMark?.(lease) : undefined),
    isHopeless: (error) => target.isHopeless(error),
    keyOf: keyFinder(name, destination),
    reports: createDeliveryReports(name, events, counts),
    parked,
    progress: () => counts.delivered + counts.deadLettered,
    changed: () => updateIdle(),
    parkedFull: () => parkingAlert.full(),
    lost: (partition) => {
      partitions.delete(partition)
      acquireIn(retryDelayMs(1, bufferRetry, random))
    },
  }

  const updateIdle = (): void => {
    const wasIdle = idle
    // What others still have, as a process that was killed has its leases, may have something to deliver.
    idle = !isOnly || partitions.size >= buffer.caps.partitions
    for (const partition of partitions.values()) idle &&= partition.idle
    parkingAlert.check()
    if (idle && !wasIdle && events.has('drain:idle')) events.emit('drain:idle', { destination: name })
  }

  const acquireAgain = (): void => {
    acquiring = acquire()
  }

  const acquireIn = (delayMs: number): void => {
    if (state !== 'started') return
    cancelAcquire?.()
    cancelAcquire = clock.schedule(delayMs, acquireAgain, { background: true })
  }

  const acquire = async (): Promise<void> => {
    try {
      const max = await roomForMore()
      const askedAtMs = clock.monotonicMs()
      const leases = await consumer.acquire({ owner, leaseMs, ...(max === Infinity ? {} : { max }) })
      acquireTries.worked()
      for (const lease of leases) await take(lease, askedAtMs)
      setAcquired()
      // Another process may have redriven dead letters.
      if (buffer.caps.multiProcess)
        for (const partition of partitions.values())
          partition.lookAside().catch((error: unknown) => patience.report(error, 0))
      const { multiProcess, adopts = false } = buffer.caps
      if (multiProcess || adopts || partitions.size < buffer.caps.partitions) acquireIn(acquireEveryMs)
      updateIdle()
    } catch (error) {
      if (state !== 'started') return
      cancelAcquire?.()
      cancelAcquire = acquireTries.failed(error, acquireAgain)
    }
  }

  /** How many partitions more fall to this process. What it has beyond its share it gives back. */
  const roomForMore = async (): Promise<number> => {
    if (!buffer.caps.multiProcess) return Infinity
    const owners = await consumer.attend({ owner, leaseMs })
    const room = fairShare(buffer.caps.partitions, owners, owner) - partitions.size
    if (room < 0 && state === 'started')
      for (const [index, partition] of [...partitions].slice(room)) giveBack(index, partition)
    return Math.max(0, room)
  }

  const giveBack = (index: number, partition: PartitionDrain): void => {
    partitions.delete(index)
    const gone = partition
      .leave(leaseMs)
      // A lease that cannot be given back ends by itself.
      .catch((error: unknown) => patience.report(error, 0))
      .finally(() => leaving.delete(gone))
    leaving.add(gone)
  }

  const take = async (lease: Lease, askedAtMs: number): Promise<void> => {
    if (state !== 'started') {
      await consumer.release(lease)
      return
    }
    // A buffer with one owner gives everything each time it is asked.
    if (partitions.get(lease.partition)?.adopt(lease, askedAtMs)) return
    partitions.set(lease.partition, startPartitionDrain(context, lease, askedAtMs))
  }

  const shutDown = async (timeoutMs: number): Promise<void> => {
    const wasStarted = state === 'started'
    state = 'stopped'
    idle = false
    waits.stop(stopped(name))
    setAcquired()
    cancelAcquire?.()
    dispatcher.halt()
    if (!wasStarted) return
    for (const partition of partitions.values()) partition.quit()
    await dispatcher.quiet(timeoutMs)
    dispatcher.breakOff(stopped(name))
    await acquiring
    const held = [...partitions.values()]
    await Promise.all(held.map((partition) => partition.flushed()))
    // A lease that cannot be given back ends by itself.
    await Promise.allSettled(held.map((partition) => partition.release()))
    await Promise.allSettled(leaving)
    if (buffer.caps.multiProcess) await consumer.attend({ owner, leaseMs: 0 }).catch(() => {})
  }

  /** Whoever has less time than the first one who stopped it does not wait for longer. */
  const hurry = (end: Promise<void>, timeoutMs: number): void => {
    const cancel = clock.schedule(timeoutMs, () => dispatcher.breakOff(stopped(name)))
    end.then(cancel, cancel)
  }

  const untilDrained = async (): Promise<void> => {
    await acquired
    // Only an upper bound: reaching the end of the log answers the question as well, so the drain need not fail with the store.
    const stats = await buffer.stats().catch(() => undefined)
    const backlog = stats?.consumers.find((entry) => entry.name === consumer.name)?.backlog ?? Infinity
    await Promise.all([...partitions.values()].map((partition) => partition.caughtUp(backlog)))
  }

  return {
    start() {
      if (state !== 'created') return
      state = 'started'
      acquiring = acquire()
    },
    snapshot() {
      let inWindow = 0
      for (const partition of partitions.values()) inWindow += partition.inWindow
      return {
        state: state === 'started' ? (idle ? 'idle' : 'draining') : 'stopped',
        inWindow,
        inFlight: dispatcher.inFlight,
        parked: parked.events,
        blockedKeys: parked.blockedKeys,
        ...counts,
      }
    },
    drained(signal) {
      return waits.until(untilDrained, signal)
    },
    get isBusy() {
      return state === 'started' && !idle && !valve.isHeld
    },
    hold(isHeld) {
      valve.isHeld = isHeld
      dispatcher.wake()
    },
    outlet: () => ({
      breaker: valve.breaker,
      ratePerSecond: valve.ratePerSecond,
      isOnBackup: failover?.isOnBackup ?? false,
    }),
    async lookAside() {
      await Promise.all([...partitions.values()].map((partition) => partition.lookAside()))
    },
    async resumeKey(key) {
      // Right after the start nobody knows yet which keys are blocked.
      await acquired
      const resumed = await Promise.all([...partitions.values()].map((partition) => partition.resumeKey(key)))
      return resumed.includes(true)
    },
    stop({ timeoutMs }) {
      if (stopping === undefined) stopping = shutDown(timeoutMs)
      else if (timeoutMs !== Infinity) hurry(stopping, timeoutMs)
      return stopping
    },
  }
}

function stopped(name: string): IntegrationError {
  return new IntegrationError({
    code: 'canceled',
    reason: 'drain_stopped',
    phase: 'local',
    message: `The drain of destination "${name}" has stopped.`,
  })
}

import { type Emitter, IntegrationError, InvalidOptionsError } from '@holdfast/core'
import { createDrain } from '../drain/drain.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { DestinationSnapshot, Receiver, ReceiverSnapshot } from './receiver.ts'
import type { ResolvedReceiverOptions } from './receiver-options.ts'

/** Defaults of `stop`. */
export const defaultStopOptions: Readonly<{ timeoutMs: number }> = Object.freeze({ timeoutMs: 10_000 })

type Drain = ReturnType<typeof createDrain>

/**
 * Where a receiver is in its life.
 *
 * - `created`: nothing is open. Left by `start`, or by `stop` for good.
 * - `starting`: the buffer is being opened. Becomes `running`; `created` again when that fails, so that it can be tried again.
 * - `running`: takes and delivers events. Left by `stop`.
 * - `stopped`: takes nothing more; `done` settles when the drains have ended and the buffer is closed. Final.
 */
type Lifecycle =
  | { readonly state: 'created' }
  | { readonly state: 'starting'; readonly started: Promise<void> }
  | { readonly state: 'running'; readonly drains: ReadonlyMap<string, Drain> }
  | { readonly state: 'stopped'; readonly drains: ReadonlyMap<string, Drain>; readonly done: Promise<void> }

/** Starting and stopping of a receiver. */
export interface ReceiverLifecycle extends Pick<Receiver, 'start' | 'drained' | 'stop'> {
  isRunning(): boolean
  snapshot(): Pick<ReceiverSnapshot, 'state' | 'destinations'>
}

/** Makes the lifecycle of one receiver, in the state `created`. */
export function createLifecycle(
  options: ResolvedReceiverOptions,
  events: Emitter<ReceiverEventMap>,
): ReceiverLifecycle {
  const { buffer, destinations } = options
  let life: Lifecycle = { state: 'created' }

  const start = async (): Promise<void> => {
    switch (life.state) {
      case 'created': {
        const started = openAll(options, events).then(
          (drains) => {
            life = { state: 'running', drains }
            for (const drain of drains.values()) drain.start()
          },
          (error: unknown) => {
            life = { state: 'created' }
            throw error
          },
        )
        life = { state: 'starting', started }
        return started
      }
      case 'starting':
        return life.started
      case 'running':
        return undefined
      case 'stopped':
        throw new IntegrationError({
          code: 'configuration_error',
          reason: 'receiver_stopped',
          message: 'The receiver was stopped and cannot be started again. Create another one.',
          phase: 'local',
        })
    }
  }

  const stop = async (stopOptions: { readonly timeoutMs?: number } = {}): Promise<void> => {
    const timeoutMs = checkTimeout(stopOptions.timeoutMs ?? defaultStopOptions.timeoutMs)
    // A start that fails has nothing to stop, and has told its own caller.
    if (life.state === 'starting') await life.started.catch(() => {})
    if (life.state !== 'stopped') {
      const drains = life.state === 'running' ? life.drains : new Map<string, Drain>()
      const done = life.state === 'running' ? closeAll(drains, timeoutMs) : Promise.resolve()
      life = { state: 'stopped', drains, done }
    }
    return (life as Extract<Lifecycle, { state: 'stopped' }>).done
  }

  const closeAll = async (drains: ReadonlyMap<string, Drain>, timeoutMs: number): Promise<void> => {
    const ends = [...drains.values()].map((drain) => drain.stop({ timeoutMs }))
    // The buffer is closed whatever happened to a drain; its failure is told afterwards.
    await Promise.allSettled(ends)
    await buffer.close()
    await Promise.all(ends)
  }

  return {
    isRunning: () => life.state === 'running',
    start,
    stop,
    async drained({ signal } = {}) {
      if (life.state === 'starting') await life.started
      if (life.state !== 'running') {
        throw new IntegrationError({
          code: 'configuration_error',
          reason: 'receiver_not_running',
          message: 'Nothing is delivered while the receiver is not running. Call `start` first.',
          phase: 'local',
        })
      }
      await Promise.all([...life.drains.values()].map((drain) => drain.drained(signal)))
    },
    snapshot() {
      const drains = life.state === 'running' || life.state === 'stopped' ? life.drains : undefined
      const snapshots = [...destinations.keys()].map((name) => [name, drains?.get(name)?.snapshot() ?? notStarted])
      return {
        state: life.state === 'starting' ? 'created' : life.state,
        destinations: Object.fromEntries(snapshots) as Record<string, DestinationSnapshot>,
      }
    },
  }
}

/** Opens the buffer and a consumer per destination; closes the buffer again when that fails half-way. */
async function openAll(
  { buffer, destinations, clock, random }: ResolvedReceiverOptions,
  events: Emitter<ReceiverEventMap>,
): Promise<ReadonlyMap<string, Drain>> {
  const report = await buffer.open()
  if (events.has('buffer:opened')) events.emit('buffer:opened', report)
  for (const hole of report.holes) events.emit('buffer:lost', hole)
  try {
    const owner = random.uuid()
    const drains = new Map<string, Drain>()
    for (const [name, destination] of destinations) {
      const consumer = await buffer.openConsumer(name)
      drains.set(name, createDrain({ name, destination, buffer, consumer, owner, clock, random, events }))
    }
    return drains
  } catch (error) {
    // Why it failed is worth more than that closing failed as well.
    await buffer.close().catch(() => {})
    throw error
  }
}

function checkTimeout(timeoutMs: number): number {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0) return timeoutMs
  throw new InvalidOptionsError({ path: 'timeoutMs', expected: 'a number of milliseconds >= 0', received: timeoutMs })
}

const notStarted: DestinationSnapshot = Object.freeze({
  state: 'stopped',
  inWindow: 0,
  inFlight: 0,
  delivered: 0,
  retried: 0,
  deadLettered: 0,
})

import { boolean, checkOptions, type Emitter, IntegrationError, InvalidOptionsError } from '@holdfast/core'
import { untilAborted } from '../buffer-kit/until-aborted.ts'
import type { Drain } from '../drain/drain.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { type BufferSession, openSession, stopDrains } from './buffer-session.ts'
import { createDestinationControl } from './destination-controls.ts'
import type { DestinationMode } from './destination-control.ts'
import { createDrainPass, type DrainPass } from './drain-once.ts'
import { notStarted } from './not-started.ts'
import type { DestinationSnapshot } from './destination-snapshot.ts'
import type { DrainReport, Receiver, ReceiverSnapshot } from './receiver.ts'
import type { ResolvedReceiverOptions } from './receiver-options.ts'

/** Defaults of `stop`. */
export const defaultStopOptions: Readonly<{ timeoutMs: number }> = Object.freeze({ timeoutMs: 10_000 })

type Drains = Map<string, Drain>

/**
 * Where a receiver is in its life.
 *
 * - `created`: nothing is open, except for a `drainOnce` that is under way. Left by `start`, or by `stop` for good.
 * - `starting`: the buffer is being opened. Becomes `running`; `created` again when that fails, so that it can be tried again.
 * - `running`: takes events, and delivers them where it has drains. Left by `stop`.
 * - `stopped`: takes nothing more; `done` settles when the drains have ended and the buffer is closed. Final.
 */
type Lifecycle =
  | { readonly state: 'created' }
  | { readonly state: 'starting'; readonly started: Promise<void> }
  | {
      readonly state: 'running'
      readonly session: BufferSession
      readonly drains: Drains | undefined
    }
  | { readonly state: 'stopped'; readonly done: Promise<void> }

/** Starting and stopping of a receiver. */
export interface ReceiverLifecycle extends Pick<Receiver, 'start' | 'drained' | 'drainOnce' | 'stop' | 'destination'> {
  isRunning(): boolean
  /** Whether something is to be delivered here now. */
  isBusy(): boolean
  snapshot(): Pick<ReceiverSnapshot, 'state' | 'destinations'>
}

/** Makes the lifecycle of one receiver, in the state `created`. */
export function createLifecycle(
  options: ResolvedReceiverOptions,
  events: Emitter<ReceiverEventMap>,
): ReceiverLifecycle {
  const { destinations, clock } = options
  const quitting = new AbortController()
  const modes = new Map<string, DestinationMode>()
  let life: Lifecycle = { state: 'created' }
  /** The drains that were started last. */
  let latest: Drains = new Map()
  /** The call of `drainOnce` that is under way. */
  let passing: Promise<DrainReport> | undefined

  const openAndRemember = async (): Promise<BufferSession> => {
    const session = await openSession(options, events, modes)
    return { ...session, startDrains: () => (latest = session.startDrains()) }
  }

  const start: Receiver['start'] = async (startOptions = {}) => {
    checkOptions('', startOptions, { drain: boolean })
    const drain = startOptions.drain ?? true
    // Two owners of one buffer, or two drains of one destination, would be in each other's way.
    while (passing !== undefined && !isDraining(life)) await passing.catch(() => {})
    switch (life.state) {
      case 'created': {
        const started = openAndRemember().then(
          (session) => {
            life = { state: 'running', session, drains: undefined }
          },
          (error: unknown) => {
            life = { state: 'created' }
            throw error
          },
        )
        life = { state: 'starting', started }
        await started
        if (drain) startDraining()
        return
      }
      case 'starting':
        await life.started
        if (drain) startDraining()
        return
      case 'running':
        if (drain) startDraining()
        return
      case 'stopped':
        throw stoppedError()
    }
  }

  const startDraining = (): void => {
    if (life.state === 'running' && life.drains === undefined) life = { ...life, drains: life.session.startDrains() }
  }

  const drainOnce: Receiver['drainOnce'] = async (passOptions) => {
    const pass = createDrainPass(passOptions, clock, quitting.signal)
    passOptions.signal?.throwIfAborted()
    if (life.state === 'starting') await life.started
    if (passing !== undefined) return untilAborted(passing, passOptions.signal)
    passing = makePass(pass).finally(() => {
      passing = undefined
    })
    return passing
  }

  const makePass = async (pass: DrainPass): Promise<DrainReport> => {
    if (life.state === 'stopped') throw stoppedError()
    if (isDraining(life)) return pass.drainAlong(life.session, life.drains)
    if (life.state === 'running') return pass.drainAndStop(life.session)
    const session = await openAndRemember()
    try {
      return await pass.drainAndStop(session)
    } finally {
      await session.close()
    }
  }

  const stop: Receiver['stop'] = async (stopOptions = {}) => {
    const timeoutMs = checkTimeout(stopOptions.timeoutMs ?? defaultStopOptions.timeoutMs)
    // A start that fails has nothing to stop, and has told its own caller.
    if (life.state === 'starting') await life.started.catch(() => {})
    if (life.state !== 'stopped') {
      const { session, drains } = life.state === 'running' ? life : {}
      life = { state: 'stopped', done: closeAll(session, drains, timeoutMs) }
    }
    return (life as Extract<Lifecycle, { state: 'stopped' }>).done
  }

  const closeAll = async (
    session: BufferSession | undefined,
    drains: Drains | undefined,
    timeoutMs: number,
  ): Promise<void> => {
    quitting.abort(stoppedMeanwhile())
    await passing?.catch(() => {})
    const stopping = stopDrains(drains ?? new Map(), timeoutMs)
    // The buffer is closed whatever happened to a drain; its failure is told afterwards.
    await stopping.catch(() => {})
    await session?.close()
    await stopping
  }

  return {
    isRunning: () => life.state === 'running',
    isBusy() {
      if (!isDraining(life)) return false
      for (const drain of life.drains.values()) if (drain.isBusy) return true
      return false
    },
    start,
    stop,
    drainOnce,
    destination: (name) =>
      createDestinationControl(name, {
        options,
        modes,
        session: () => (life.state === 'running' ? life.session : undefined),
        drains: () => (life.state === 'running' ? (life.drains ?? (passing && latest)) : undefined),
        isDraining: () => isDraining(life),
        quit: quitting.signal,
        onMode: (destination, mode) => {
          const event = mode === 'paused' ? 'destination:paused' : 'destination:resumed'
          if (events.has(event)) events.emit(event, { destination, cause: 'request' })
        },
        defaultStopMs: defaultStopOptions.timeoutMs,
      }),
    async drained({ signal } = {}) {
      if (life.state === 'starting') await life.started
      if (!isDraining(life)) {
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
      const snapshots = [...destinations.keys()].map((name) => [name, latest.get(name)?.snapshot() ?? notStarted])
      return {
        state: life.state === 'starting' ? 'created' : life.state,
        destinations: Object.fromEntries(snapshots) as Record<string, DestinationSnapshot>,
      }
    },
  }
}

function isDraining(life: Lifecycle): life is Extract<Lifecycle, { state: 'running' }> & { readonly drains: Drains } {
  return life.state === 'running' && life.drains !== undefined
}

function checkTimeout(timeoutMs: number): number {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0) return timeoutMs
  throw new InvalidOptionsError({ path: 'timeoutMs', expected: 'a number of milliseconds >= 0', received: timeoutMs })
}

function stoppedError(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'receiver_stopped',
    message: 'The receiver was stopped and cannot be started again. Create another one.',
    phase: 'local',
  })
}

function stoppedMeanwhile(): IntegrationError {
  return new IntegrationError({
    code: 'canceled',
    reason: 'drain_stopped',
    message: 'The receiver has stopped.',
    phase: 'local',
  })
}

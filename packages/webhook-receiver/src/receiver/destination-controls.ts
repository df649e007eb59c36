import {
  abortSignal,
  checkOptions,
  integer,
  IntegrationError,
  InvalidOptionsError,
  nonEmptyString,
  number,
  plainObject,
} from '@holdfast/core'
import type { Drain } from '../drain/drain.ts'
import { replayHistory } from '../drain/replay.ts'
import type { BufferSession } from './buffer-session.ts'
import { createDeadLetterControl } from './dead-letter-control.ts'
import type { DestinationControl, DestinationMode, ReplayOptions } from './destination-control.ts'
import { queryChecks } from './event-query.ts'
import { notStarted } from './not-started.ts'
import type { ResolvedReceiverOptions } from './receiver-options.ts'

/** What a control needs of its receiver. */
export interface ControlSetup {
  readonly options: ResolvedReceiverOptions
  /** What is wanted of each destination; shared with whoever starts their drains. */
  readonly modes: Map<string, DestinationMode>
  /** The open buffer; `undefined`: the receiver does not run. */
  readonly session: () => BufferSession | undefined
  /** The drains that run, by name. */
  readonly drains: () => Map<string, Drain> | undefined
  /** Whether they go on until the receiver stops. Those of a `drainOnce` end with it, and nobody would end one that is added. */
  readonly isDraining: () => boolean
  /** The receiver stops. */
  readonly quit: AbortSignal
  /** Somebody paused or resumed a destination. */
  readonly onMode: (name: string, mode: 'paused' | 'active') => void
  readonly defaultStopMs: number
}

/**
 * Makes the control of one destination.
 *
 * @throws InvalidOptionsError when there is none of this name.
 */
export function createDestinationControl(name: string, setup: ControlSetup): DestinationControl {
  const { options, modes, quit, onMode } = setup
  const destination = options.destinations.get(name)
  if (destination === undefined)
    throw new InvalidOptionsError({
      path: 'name',
      expected: `one of ${[...options.destinations.keys()].join(', ')}`,
      received: name,
    })

  const mode = (): DestinationMode => modes.get(name) ?? 'active'

  const session = (): BufferSession => {
    const running = setup.session()
    if (running === undefined) throw notRunning()
    if (mode() === 'detached') throw detached(name)
    return running
  }

  const drain = (): Drain | undefined => setup.drains()?.get(name)

  const halt = async (next: 'disabled' | 'detached', given: { readonly timeoutMs?: number }): Promise<void> => {
    checkOptions('', given, { timeoutMs: number({ min: 0 }) })
    modes.set(name, next)
    const running = drain()
    await running?.stop({ timeoutMs: given.timeoutMs ?? setup.defaultStopMs })
    // Another one may have been started meanwhile.
    if (drain() === running) setup.drains()?.delete(name)
  }

  /** Two drains of one destination would deliver its events side by side, so the one before ends first. */
  const restart = async (): Promise<void> => {
    await drain()
      ?.stop({ timeoutMs: Infinity })
      .catch(() => {})
    if (setup.isDraining() && drain() === undefined) setup.session()?.startDrain(name)
  }

  return {
    name,
    async status() {
      const running = setup.session()
      if (running === undefined) throw notRunning()
      const { consumers } = await running.stats()
      const stats = consumers.find((entry) => entry.name === name)
      const at = drain()
      return {
        ...(at?.snapshot() ?? notStarted),
        mode: mode(),
        backlog: stats?.backlog ?? 0,
        deadLetters: stats?.deadLetters ?? 0,
        ...(at?.outlet() ?? { breaker: 'closed', ratePerSecond: destination.ratePerSecond, isOnBackup: false }),
      }
    },
    pause() {
      if (mode() !== 'active') return
      modes.set(name, 'paused')
      drain()?.hold(true)
      onMode(name, 'paused')
    },
    resume() {
      const was = mode()
      if (was === 'detached') throw detached(name)
      modes.set(name, 'active')
      if (was === 'paused') drain()?.hold(false)
      if (was === 'disabled') void restart()
      if (was !== 'active') onMode(name, 'active')
    },
    disable: (given = {}) => (mode() === 'detached' ? Promise.resolve() : halt('disabled', given)),
    async detach(given = {}) {
      const running = setup.session()
      // One that failed can be tried again, and nothing else: what the buffer had of it may be gone.
      if (mode() === 'detached' && running?.isAttached(name) !== true) return
      if (running === undefined) throw notRunning()
      await halt('detached', given)
      await running.detach(name)
    },
    async resumeKey(key) {
      if (typeof key !== 'string') throw new InvalidOptionsError({ path: 'key', expected: 'a string', received: key })
      session()
      return (await drain()?.resumeKey(key)) ?? false
    },
    deadLetters: createDeadLetterControl({
      consumer: () => session().consumerOf(name),
      clock: options.clock,
      onChange: async () => drain()?.lookAside(),
    }),
    async replay(replayOptions = {}) {
      checkReplay(replayOptions)
      session()
      return replayHistory({ ...options, name, destination, quit }, replayOptions)
    },
  }
}

function checkReplay(options: ReplayOptions): void {
  checkOptions('', options, {
    ...queryChecks,
    after: plainObject,
    upTo: nonEmptyString,
    ratePerSecond: number({ min: 0.001, max: 1_000_000, infinity: true }),
    maxAttempts: integer({ min: 1 }),
    signal: abortSignal,
  })
  if (options.after !== undefined)
    checkOptions('after', options.after, { partition: integer({ min: 0 }), position: nonEmptyString })
}

function notRunning(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'receiver_not_running',
    message: 'The receiver is not running. Call `start` first.',
    phase: 'local',
  })
}

function detached(name: string): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'destination_detached',
    message: `The destination "${name}" was detached. It begins anew with another receiver.`,
    phase: 'local',
  })
}

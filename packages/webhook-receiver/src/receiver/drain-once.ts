import { abortSignal, checkOptions, type Clock, durationMs, InvalidOptionsError } from '@holdfast/core'
import type { Drain } from '../drain/drain.ts'
import { type BufferSession, stopDrains } from './buffer-session.ts'
import type { DestinationSnapshot } from './destination-snapshot.ts'
import type { DrainedDestination, DrainOnceOptions, DrainReport } from './receiver.ts'

/** Defaults of `drainOnce`: `graceMs` is a quarter of `deadlineMs`, at most this. */
export const defaultDrainOnceOptions: Readonly<{ maxGraceMs: number }> = Object.freeze({ maxGraceMs: 5_000 })

/** A call of `drainOnce` under way. Its time counts from when it was made. */
export interface DrainPass {
  /** Drains with drains of its own, and stops them again whatever happens. */
  drainAndStop(session: BufferSession): Promise<DrainReport>
  /** Waits until drains that go on afterwards are through with what is there now. */
  drainAlong(session: BufferSession, drains: ReadonlyMap<string, Drain>): Promise<DrainReport>
}

/**
 * Checks the options of `drainOnce`; its time begins now. `quit` ends it early, with its reason.
 *
 * @throws InvalidOptionsError for the first option that is wrong.
 */
export function createDrainPass(options: DrainOnceOptions, clock: Clock, quit: AbortSignal): DrainPass {
  const { deadlineMs, graceMs, signal } = resolveDrainOnceOptions(options)
  const startedAtMs = clock.monotonicMs()
  const enough = signal === undefined ? quit : AbortSignal.any([quit, signal])

  const untilEmpty = async (drains: ReadonlyMap<string, Drain>): Promise<DrainReport['endedBy']> => {
    const waitMs = deadlineMs - graceMs - (clock.monotonicMs() - startedAtMs)
    const outOfTime = new AbortController()
    const cancel = waitMs === Infinity ? undefined : clock.schedule(Math.max(0, waitMs), () => outOfTime.abort())
    const waiting = AbortSignal.any([enough, outOfTime.signal])
    try {
      await Promise.all([...drains.values()].map((drain) => untilDrained(drain, waiting)))
      return 'empty'
    } catch (reason) {
      if (!enough.aborted && outOfTime.signal.aborted) return 'deadline'
      throw reason
    } finally {
      cancel?.()
    }
  }

  const report = async (
    session: BufferSession,
    drains: ReadonlyMap<string, Drain>,
    before: ReadonlyMap<string, DestinationSnapshot>,
    endedBy: DrainReport['endedBy'],
  ): Promise<DrainReport> => {
    const { consumers } = await session.stats()
    const destinations = [...drains].map(([name, drain]): [string, DrainedDestination] => {
      const backlog = consumers.find((consumer) => consumer.name === name)?.backlog ?? 0
      return [name, { ...growth(drain.snapshot(), before.get(name)), backlog }]
    })
    const total = destinations.reduce((sum, [, counts]) => added(sum, counts), none)
    const durationMs = clock.monotonicMs() - startedAtMs
    return { endedBy, ...total, durationMs, destinations: Object.fromEntries(destinations) }
  }

  return {
    async drainAndStop(session) {
      enough.throwIfAborted()
      const drains = session.startDrains()
      let endedBy: DrainReport['endedBy']
      try {
        endedBy = await untilEmpty(drains)
      } catch (reason) {
        await stopDrains(drains, signal?.aborted === true ? 0 : graceMs)
        throw reason
      }
      await stopDrains(drains, graceMs)
      return report(session, drains, new Map(), endedBy)
    },
    async drainAlong(session, drains) {
      const before = new Map([...drains].map(([name, drain]) => [name, drain.snapshot()]))
      return report(session, drains, before, await untilEmpty(drains))
    },
  }
}

function resolveDrainOnceOptions(options: DrainOnceOptions): DrainOnceOptions & { readonly graceMs: number } {
  checkOptions('', options, {
    deadlineMs: durationMs({ min: 1, infinity: true }),
    graceMs: durationMs(),
    signal: abortSignal,
  })
  const { deadlineMs } = options
  if (deadlineMs === undefined)
    throw new InvalidOptionsError({ path: 'deadlineMs', expected: 'given', received: undefined })
  const graceMs = options.graceMs ?? Math.min(defaultDrainOnceOptions.maxGraceMs, deadlineMs / 4)
  if (graceMs <= deadlineMs) return { ...options, graceMs }
  throw new InvalidOptionsError({
    path: 'graceMs',
    expected: `at most deadlineMs (${deadlineMs})`,
    received: graceMs,
  })
}

const none: DrainedDestination = Object.freeze({ delivered: 0, retried: 0, deadLettered: 0, backlog: 0 })

/** Like `drained`, but does not fail when somebody disables just this destination. */
async function untilDrained(drain: Drain, signal: AbortSignal): Promise<void> {
  try {
    await drain.drained(signal)
  } catch (reason) {
    if (signal.aborted || drain.snapshot().state !== 'stopped') throw reason
  }
}

function growth(
  now: DestinationSnapshot,
  before: DestinationSnapshot | undefined,
): Omit<DrainedDestination, 'backlog'> {
  return {
    delivered: now.delivered - (before?.delivered ?? 0),
    retried: now.retried - (before?.retried ?? 0),
    deadLettered: now.deadLettered - (before?.deadLettered ?? 0),
  }
}

function added(left: DrainedDestination, right: DrainedDestination): DrainedDestination {
  return {
    delivered: left.delivered + right.delivered,
    retried: left.retried + right.retried,
    deadLettered: left.deadLettered + right.deadLettered,
    backlog: left.backlog + right.backlog,
  }
}

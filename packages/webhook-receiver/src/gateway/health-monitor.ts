import { type Clock, IntegrationError } from '@holdfast/core'
import type { ResolvedHealthOptions } from './health-options.ts'
import { createOutcomeWindow } from './outcome-window.ts'
import { timeLimit } from './time-limit.ts'

/** Why a target is believed to be what it is. */
export type HealthCause = 'probes' | 'live_failures'

/** Knows whether the target can take requests. */
export interface HealthMonitor {
  readonly healthy: boolean
  /** Why the last probe failed; `undefined` when it did not. */
  readonly probeError: IntegrationError | undefined
  /** Probes once, believes the result, and goes on probing. */
  start(): Promise<void>
  /** What became of a request that was sent to the target. */
  live(success: boolean): void
  /** Probes no more. */
  stop(): void
}

/**
 * Watches the health of a target by probes, and by the requests that it gets. A change needs N of the last M, so that one slow answer
 * changes nothing; after a change both windows begin anew. Only probes make a target healthy again: nothing else is sent to it by then.
 */
export function createHealthMonitor(options: {
  readonly health: ResolvedHealthOptions
  readonly clock: Clock
  /** Asks the target, and resolves with why that failed. Never rejects. */
  readonly probe: (signal: AbortSignal) => Promise<IntegrationError | undefined>
  /** After each probe that failed, and before what follows from it. */
  readonly onFailure?: (error: IntegrationError, durationMs: number) => void
  readonly onChange: (healthy: boolean, cause: HealthCause) => void
}): HealthMonitor {
  const { health, clock, probe, onFailure, onChange } = options
  const probes = createOutcomeWindow(health.window)
  const lives = createOutcomeWindow(health.liveWindow)
  const stopping = new AbortController()
  let healthy = false
  let probeError: IntegrationError | undefined
  let cancelNext: (() => void) | undefined

  const change = (next: boolean, cause: HealthCause): void => {
    if (healthy === next) return
    healthy = next
    probes.clear()
    lives.clear()
    onChange(next, cause)
  }

  const probeOnce = async (): Promise<boolean> => {
    const startedMs = clock.monotonicMs()
    const limit = timeLimit(clock, health.timeoutMs, () => probeTimeout(health.timeoutMs), stopping.signal)
    const error = await probe(limit.signal)
    limit.end()
    if (stopping.signal.aborted) return false
    probeError = error
    if (error !== undefined) onFailure?.(error, clock.monotonicMs() - startedMs)
    return error === undefined
  }

  const scheduleNext = (): void => {
    if (stopping.signal.aborted) return
    cancelNext = clock.schedule(health.intervalMs, () => void observe(), { background: true })
  }

  const observe = async (): Promise<void> => {
    const success = await probeOnce()
    if (stopping.signal.aborted) return
    probes.add(success)
    if (healthy && probes.failures >= health.failures) change(false, 'probes')
    else if (!healthy && probes.successes >= health.successes) change(true, 'probes')
    scheduleNext()
  }

  return {
    get healthy() {
      return healthy
    },
    get probeError() {
      return probeError
    },
    async start() {
      const success = await probeOnce()
      if (success) change(true, 'probes')
      scheduleNext()
    },
    live(success) {
      lives.add(success)
      if (healthy && lives.failures >= health.liveFailures) change(false, 'live_failures')
    },
    stop() {
      stopping.abort()
      cancelNext?.()
    },
  }
}

function probeTimeout(timeoutMs: number): IntegrationError {
  return new IntegrationError({
    code: 'timeout',
    reason: 'attempt',
    message: `The probe was not answered within ${timeoutMs} ms.`,
  })
}

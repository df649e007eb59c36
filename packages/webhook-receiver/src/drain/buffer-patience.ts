import type { Clock, Emitter, Random } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { type RetryDelay, retryDelayMs } from './retry-delay.ts'

/** Waits between tries of a buffer that fails. */
const bufferRetry: RetryDelay = { baseDelayMs: 250, maxDelayMs: 30_000 }

/** What a drain does when its buffer fails: it says so and tries again later, without end. */
export interface BufferPatience {
  /** Emits `drain:failed`. */
  report(error: unknown, retryInMs: number): void
  /** The wait after so many failures in a row, in milliseconds. */
  delayMs(failures: number): number
  /** Reports and waits. Returns early, without a throw, when `signal` aborts. */
  wait(error: unknown, failures: number, signal: AbortSignal): Promise<void>
}

/** Makes the patience of one destination's drain. */
export function createBufferPatience(options: {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
}): BufferPatience {
  const { name, clock, random, events } = options
  const report = (error: unknown, retryInMs: number): void => {
    if (events.has('drain:failed')) events.emit('drain:failed', { destination: name, error, retryInMs })
  }
  const delayMs = (failures: number): number => retryDelayMs(failures, bufferRetry, random)
  return {
    report,
    delayMs,
    async wait(error, failures, signal) {
      const retryInMs = delayMs(failures)
      report(error, retryInMs)
      try {
        await clock.sleep(retryInMs, signal)
      } catch (reason) {
        if (!signal.aborted) throw reason
      }
    },
  }
}

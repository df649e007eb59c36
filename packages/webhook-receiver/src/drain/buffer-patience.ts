import type { Clock, Emitter, Random } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { type RetryDelay, retryDelayMs } from './retry-delay.ts'

/** Waits between tries of a buffer that fails. */
export const bufferRetry: RetryDelay = { baseDelayMs: 250, maxDelayMs: 30_000 }

/**
 * What a drain does when its buffer fails: it says so and tries again later, without end. A buffer that is away fails for every partition at once,
 * and is back for all of them when one gets through.
 */
export interface BufferPatience {
  /** Emits `drain:failed`, not again for what fails alike before it was to be tried again. */
  report(error: unknown, retryInMs: number): void
  /** Begins with something that is tried until it works, `bufferRetry` unless another `delay` is given. */
  tries(delay?: RetryDelay): Tries
}

/** The tries of one thing. */
export interface Tries {
  /**
   * It failed: reports, and calls back after a wait that grows with each failure, or when others that had failed got through. No timer keeps the process
   * alive. Returns what cancels it.
   */
  failed(error: unknown, again: () => void): () => void
  /** It failed: reports and waits like `failed`, but keeps the process alive. Returns early, without a throw, when `signal` aborts. */
  wait(error: unknown, signal: AbortSignal): Promise<void>
  /** It worked. If it had failed before, whatever waits is tried at once. */
  worked(): void
}

/** Makes the patience of one destination's drain. */
export function createBufferPatience(options: {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
}): BufferPatience {
  const { name, clock, random, events } = options
  const waiting = new Set<() => void>()
  let told = { message: '', untilMs: -Infinity }

  const report = (error: unknown, retryInMs: number): void => {
    if (!events.has('drain:failed')) return
    const message = String(error)
    const nowMs = clock.monotonicMs()
    if (message === told.message && nowMs < told.untilMs) return
    told = { message, untilMs: nowMs + retryInMs }
    events.emit('drain:failed', { destination: name, error, retryInMs })
  }

  const tries = (delay = bufferRetry): Tries => {
    let failures = 0

    const later = (error: unknown, again: () => void, background: boolean): (() => void) => {
      failures += 1
      const retryInMs = retryDelayMs(failures, delay, random)
      report(error, retryInMs)
      const end = (): void => {
        waiting.delete(go)
        cancel()
      }
      const go = (): void => {
        end()
        again()
      }
      const cancel = clock.schedule(retryInMs, go, { background })
      waiting.add(go)
      return end
    }

    return {
      failed: (error, again) => later(error, again, true),
      wait: (error, signal) =>
        new Promise((resolve) => {
          const finish = (): void => {
            signal.removeEventListener('abort', finish)
            end()
            resolve()
          }
          const end = later(error, finish, false)
          if (signal.aborted) finish()
          else signal.addEventListener('abort', finish)
        }),
      worked() {
        if (failures === 0) return
        failures = 0
        told = { message: '', untilMs: -Infinity }
        for (const go of waiting) go()
      },
    }
  }

  return { report, tries }
}

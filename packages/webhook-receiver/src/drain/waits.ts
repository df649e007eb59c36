import type { Clock } from '@holdfast/core'
import { TransientSet } from '../buffer-kit/transient.ts'

/** The waits of one partition, which end together when it stops. */
export interface Waits {
  /** Calls back after so long, unless the partition stops before. Returns what cancels it. */
  after(waitMs: number, wake: () => void): () => void
  /**
   * How long until a time of the wall clock that was written down; 0: now. Cut to the longest wait there is: the clock may have been set
   * since.
   */
  untilMs(nextAt: number): number
  /** Ends all, for good. */
  stop(): void
}

/** Makes the waits of a partition. */
export function createWaits(clock: Clock, maxDelayMs: number): Waits {
  const cancels = new TransientSet<() => void>()
  let stopped = false
  return {
    after(waitMs, wake) {
      if (stopped) return () => {}
      const cancel = clock.schedule(Math.max(0, waitMs), () => {
        cancels.delete(cancel)
        wake()
      })
      cancels.add(cancel)
      return () => {
        cancels.delete(cancel)
        cancel()
      }
    },
    untilMs: (nextAt) => (nextAt === 0 ? 0 : Math.min(nextAt - clock.now(), maxDelayMs)),
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
    },
  }
}

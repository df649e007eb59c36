import type { Clock } from '@holdfast/core'

// The first looks after something came are close together.
const FIRST_LOOK_MS = 5

/** Wakes reads that wait for more. */
export interface Arrivals {
  /** Something was stored. */
  announce(partition: number): void
  /** Begins to listen: what is announced from now on ends `wait`, also before it is called. */
  listen(partition: number, afterSeq: number): Listener
  /** Wakes everybody. */
  wakeAll(): void
}

/** One read that waits. */
export interface Listener {
  /**
   * Resolves when something has come, or `waitMs` after it began to listen: `false`.
   *
   * @throws the signal's reason as soon as it aborts.
   */
  wait(waitMs: number, signal: AbortSignal | undefined): Promise<boolean>
  close(): void
}

interface Entry {
  readonly partition: number
  readonly afterSeq: number
  woken: boolean
  waiting: boolean
  onWake: () => void
}

/**
 * Makes the arrivals of a buffer. `lastSeqs` asks for the number of the last event of each partition, with one statement for all reads that
 * wait: every `pollMs`, sooner after something came. When it cannot be asked everybody is woken, so that their own reads tell why.
 */
export function createArrivals(options: {
  readonly clock: Clock
  readonly pollMs: number
  readonly lastSeqs: () => Promise<ReadonlyMap<number, number>>
}): Arrivals {
  const { clock, pollMs, lastSeqs } = options
  const entries = new Set<Entry>()
  let delayMs = Math.min(FIRST_LOOK_MS, pollMs)
  let looking = false

  const wake = (isNews: (entry: Entry) => boolean): void => {
    for (const entry of entries) {
      if (!isNews(entry)) continue
      delayMs = Math.min(FIRST_LOOK_MS, pollMs)
      entry.woken = true
      entry.onWake()
    }
  }

  const look = async (): Promise<void> => {
    try {
      const seqs = await lastSeqs()
      wake(({ partition, afterSeq, waiting }) => waiting && (seqs.get(partition) ?? 0) > afterSeq)
    } catch {
      wake(({ waiting }) => waiting)
    }
    looking = false
    lookLater()
  }

  const lookLater = (): void => {
    if (looking || ![...entries].some(({ waiting, woken }) => waiting && !woken)) return
    looking = true
    clock.schedule(delayMs, () => void look(), { background: true })
    delayMs = Math.min(delayMs * 2, pollMs)
  }

  return {
    announce: (partition) => wake((entry) => entry.partition === partition),
    wakeAll: () => wake(() => true),
    listen(partition, afterSeq) {
      const entry: Entry = { partition, afterSeq, woken: false, waiting: false, onWake: () => {} }
      entries.add(entry)
      const beganMs = clock.monotonicMs()
      return {
        wait: (waitMs, signal) =>
          new Promise((resolve, reject) => {
            const leftMs = beganMs + waitMs - clock.monotonicMs()
            if (entry.woken || leftMs <= 0) {
              resolve(entry.woken)
              return
            }
            const finish = (settle: () => void): void => {
              entry.waiting = false
              cancel()
              signal?.removeEventListener('abort', onAbort)
              settle()
            }
            const onAbort = (): void => finish(() => reject(signal?.reason))
            const cancel = clock.schedule(leftMs, () => finish(() => resolve(false)), { background: true })
            signal?.addEventListener('abort', onAbort, { once: true })
            entry.onWake = () => finish(() => resolve(true))
            entry.waiting = true
            lookLater()
          }),
        close() {
          entries.delete(entry)
        },
      }
    },
  }
}

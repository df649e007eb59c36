import type { Clock } from '@holdfast/core'

// The first looks after something came are close together.
const FIRST_LOOK_MS = 5

/** Wakes reads that wait for more. */
export interface Arrivals {
  /** Something was stored in this process. */
  announce(partition: number): void
  /** Begins to listen: what is announced from now on ends `wait`, also before it is called. */
  listen(partition: number, afterSeq: number): Listener
  /** Wakes everybody. */
  wakeAll(): void
}

/** One read that waits. */
export interface Listener {
  /**
   * Resolves when something has come, or after `waitMs`: `false`.
   *
   * @throws the signal's reason as soon as it aborts.
   */
  wait(waitMs: number, signal: AbortSignal | undefined): Promise<boolean>
  close(): void
}

interface Entry {
  readonly afterSeq: number
  woken: boolean
  waiting: boolean
  onWake: () => void
}

/**
 * Makes the arrivals of a buffer. `lastSeq` asks for the number of the last event of a partition: while somebody waits each partition is asked
 * every `pollMs`, sooner after something came. When it cannot be asked everybody is woken, so that their own reads tell why.
 */
export function createArrivals(options: {
  readonly clock: Clock
  readonly pollMs: number
  readonly lastSeq: (partition: number) => Promise<number>
}): Arrivals {
  const { clock, pollMs, lastSeq } = options
  const listeners = new Map<number, Set<Entry>>()
  let delayMs = Math.min(FIRST_LOOK_MS, pollMs)
  let looking = false

  const wake = (partition: number, isNews: (entry: Entry) => boolean): void => {
    for (const entry of listeners.get(partition) ?? []) {
      if (!isNews(entry)) continue
      delayMs = Math.min(FIRST_LOOK_MS, pollMs)
      entry.woken = true
      entry.onWake()
    }
  }

  const waitingPartitions = (): number[] =>
    [...listeners].flatMap(([partition, entries]) =>
      [...entries].some(({ waiting, woken }) => waiting && !woken) ? [partition] : [],
    )

  const look = async (): Promise<void> => {
    await Promise.all(
      waitingPartitions().map(async (partition) => {
        try {
          const seq = await lastSeq(partition)
          wake(partition, ({ afterSeq }) => seq > afterSeq)
        } catch {
          wake(partition, () => true)
        }
      }),
    )
    looking = false
    lookLater()
  }

  const lookLater = (): void => {
    if (looking || waitingPartitions().length === 0) return
    looking = true
    clock.schedule(delayMs, () => void look(), { background: true })
    delayMs = Math.min(delayMs * 2, pollMs)
  }

  return {
    announce: (partition) => wake(partition, () => true),
    wakeAll: () => {
      for (const partition of listeners.keys()) wake(partition, () => true)
    },
    listen(partition, afterSeq) {
      const entry: Entry = { afterSeq, woken: false, waiting: false, onWake: () => {} }
      const entries = listeners.get(partition) ?? new Set()
      listeners.set(partition, entries.add(entry))
      return {
        wait: (waitMs, signal) =>
          new Promise((resolve, reject) => {
            if (entry.woken) {
              resolve(true)
              return
            }
            const finish = (settle: () => void): void => {
              entry.waiting = false
              cancel()
              signal?.removeEventListener('abort', onAbort)
              settle()
            }
            const onAbort = (): void => finish(() => reject(signal?.reason))
            const cancel = clock.schedule(waitMs, () => finish(() => resolve(false)), { background: true })
            signal?.addEventListener('abort', onAbort, { once: true })
            entry.onWake = () => finish(() => resolve(true))
            entry.waiting = true
            lookLater()
          }),
        close() {
          entries.delete(entry)
          if (entries.size === 0) listeners.delete(partition)
        },
      }
    },
  }
}

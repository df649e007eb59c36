import type { Clock } from '@holdfast/core'
import { TransientSet } from './transient.ts'

// The first looks after something came are close together.
const FIRST_LOOK_MS = 5

/** What arrivals are made of. */
export interface ArrivalsOptions {
  readonly clock: Clock
  /** How often is looked while somebody waits, in ms; sooner after something of others was found. */
  readonly pollMs: number
  /**
   * Asks for the number of the last event of each of these partitions. One that could not be asked is `Infinity`: its reads are woken, so that they tell
   * why. So is everybody when it rejects.
   */
  readonly lastSeqs: (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>
}

/** Wakes reads that wait for more: at once for what this process stores, by looking for what others store. */
export interface Arrivals {
  /** Events up to this number are stored in a partition. */
  announce(partition: number, lastSeq: number): void
  /** Begins to listen for events behind `afterSeq`: what is announced from now on ends `wait`, also before it is called. */
  listen(partition: number, afterSeq: number): ArrivalListener
  /** Wakes everybody. */
  wakeAll(): void
}

/** One read that waits. */
export interface ArrivalListener {
  /**
   * Resolves with `true` when something has come since the call before, with `false` when `waitMs` are over since it began to listen.
   *
   * @throws the signal's reason as soon as it aborts.
   */
  wait(waitMs: number, signal: AbortSignal | undefined): Promise<boolean>
  /** Ends listening. */
  close(): void
}

interface Entry {
  readonly partition: number
  readonly afterSeq: number
  woken: boolean
  waiting: boolean
  onWake: () => void
}

/** Makes the arrivals of a buffer. Nothing is looked for while nobody waits, and no timer keeps the process alive. */
export function createArrivals({ clock, pollMs, lastSeqs }: ArrivalsOptions): Arrivals {
  const entries = new TransientSet<Entry>()
  let delayMs = Math.min(FIRST_LOOK_MS, pollMs)
  let looking = false

  /** Whether there was anybody to wake. */
  const wake = (isNews: (entry: Entry) => boolean): boolean => {
    let isAnybody = false
    for (const entry of entries) {
      if (!isNews(entry)) continue
      isAnybody = true
      entry.woken = true
      entry.onWake()
    }
    return isAnybody
  }

  const waitingPartitions = (): number[] => [
    ...new Set([...entries].flatMap(({ partition, waiting, woken }) => (waiting && !woken ? [partition] : []))),
  ]

  const look = async (): Promise<void> => {
    try {
      const seqs = await lastSeqs(waitingPartitions())
      const isFound = wake(({ partition, afterSeq, waiting }) => waiting && (seqs.get(partition) ?? 0) > afterSeq)
      if (isFound) delayMs = Math.min(FIRST_LOOK_MS, pollMs)
    } catch {
      wake(({ waiting }) => waiting)
    }
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
    announce: (partition, lastSeq) => void wake((entry) => entry.partition === partition && entry.afterSeq < lastSeq),
    wakeAll: () => void wake(() => true),
    listen(partition, afterSeq) {
      const entry: Entry = { partition, afterSeq, woken: false, waiting: false, onWake: () => {} }
      entries.add(entry)
      const beganMs = clock.monotonicMs()
      return {
        wait: (waitMs, signal) =>
          new Promise((resolve, reject) => {
            if (signal?.aborted === true) {
              reject(signal.reason)
              return
            }
            const tell = (): void => {
              resolve(entry.woken)
              entry.woken = false
            }
            const leftMs = beganMs + waitMs - clock.monotonicMs()
            if (entry.woken || leftMs <= 0) {
              tell()
              return
            }
            const finish = (settle: () => void): void => {
              entry.waiting = false
              entry.onWake = () => {}
              cancel()
              signal?.removeEventListener('abort', onAbort)
              settle()
            }
            const onAbort = (): void => finish(() => reject(signal?.reason))
            const cancel = clock.schedule(leftMs, () => finish(tell), { background: true })
            signal?.addEventListener('abort', onAbort, { once: true })
            entry.onWake = () => finish(tell)
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

import type { Clock } from '@holdfast/core'

// Of the time that the last batch took. Senders wait longer by so much, and a batch of twice the size makes more than up for it.
const LINGER_SHARE = 0.25
// Timers are no finer.
const SHORTEST_LINGER_MS = 1

/**
 * Has a batch wait for those whom the one before has answered: senders who wait for an answer before they send again would otherwise share in two
 * halves what one batch could hold. It waits for a quarter of the time that the last batch took, and only while others wait anyway: who comes alone
 * is never kept, and after a batch of less than 4 ms nobody is.
 */
export interface Linger {
  /** Begins to take the time of a batch. */
  begin(): void
  /** Something more waits to be sent. */
  added(): void
  /**
   * Resolves as soon as `isEnough`, or when the time is over.
   *
   * @param others - How many groups waited when the batch was answered; 0 where it failed.
   */
  untilBack(others: number, isEnough: () => boolean): Promise<void>
}

/** Makes the linger of one queue, which waits `maxMs` at most. */
export function createLinger({ clock, maxMs }: { readonly clock: Clock; readonly maxMs: number }): Linger {
  let beganMs = 0
  let onAdded = (): void => {}
  return {
    begin() {
      beganMs = clock.monotonicMs()
    },
    added: () => onAdded(),
    async untilBack(others, isEnough) {
      const lingerMs = Math.min((clock.monotonicMs() - beganMs) * LINGER_SHARE, maxMs)
      if (others === 0 || lingerMs < SHORTEST_LINGER_MS || isEnough()) return
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          cancel()
          onAdded = () => {}
          resolve()
        }
        const cancel = clock.schedule(lingerMs, finish)
        onAdded = () => {
          if (isEnough()) finish()
        }
      })
    },
  }
}

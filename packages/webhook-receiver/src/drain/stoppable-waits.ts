/** Waits of others that end when what they wait for stops. */
export interface StoppableWaits {
  /**
   * Resolves when `work` does.
   *
   * @throws what `work` throws; the signal's reason as soon as `signal` aborts; the reason of the stop.
   */
  until(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void>
  /** Ends all waits with this reason, also those that are begun later. */
  stop(reason: unknown): void
}

/** Makes the waits of one thing that can stop. No listener stays behind. */
export function createStoppableWaits(): StoppableWaits {
  const waiting = new Set<(reason: unknown) => void>()
  let stopped: { readonly reason: unknown } | undefined
  return {
    until(work, signal) {
      return new Promise((resolve, reject) => {
        if (stopped !== undefined) {
          reject(stopped.reason)
          return
        }
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const onAbort = (): void => fail(signal?.reason)
        const forget = (): void => {
          waiting.delete(fail)
          signal?.removeEventListener('abort', onAbort)
        }
        const fail = (reason: unknown): void => {
          forget()
          reject(reason)
        }
        waiting.add(fail)
        signal?.addEventListener('abort', onAbort, { once: true })
        work().then(() => {
          forget()
          resolve()
        }, fail)
      })
    },
    stop(reason) {
      stopped ??= { reason }
      for (const fail of waiting) fail(reason)
    },
  }
}

import { systemClock } from '@holdfast/core'

// A limit for what hangs, not for what is slow.
const PATIENCE_MS = 20_000

/** Something that changes now and then, and can be waited for. */
export interface Changes {
  /** Tells who waits to look again. */
  happened(): void
  /**
   * Waits until `read` returns something, and looks after each change.
   *
   * @throws Error when that takes too long; and whatever `read` throws.
   */
  until<T>(what: string, read: () => T | undefined): Promise<T>
}

/** Makes something that can be waited for, by one at a time. */
export function createChanges(): Changes {
  let look = (): void => {}
  return {
    happened: () => look(),
    async until(what, read) {
      let late = false
      const cancel = systemClock.schedule(PATIENCE_MS, () => {
        late = true
        look()
      })
      try {
        for (;;) {
          const value = read()
          if (value !== undefined) return value
          if (late) throw new Error(`Waited ${PATIENCE_MS} ms for ${what}.`)
          await new Promise<void>((resolve) => {
            look = resolve
          })
        }
      } finally {
        cancel()
      }
    },
  }
}

import type { Clock } from '@holdfast/core'

/** A signal with an end. */
export interface TimeLimit {
  readonly signal: AbortSignal
  /** Takes timer and listener away. */
  end(): void
}

/** Makes a signal that aborts after `ms`, with what `reason` makes, or with `outer`, whichever comes first. */
export function timeLimit(clock: Clock, ms: number, reason: () => unknown, outer?: AbortSignal): TimeLimit {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer?.reason)
  const cancel = clock.schedule(ms, () => controller.abort(reason()), { background: true })
  outer?.addEventListener('abort', onAbort, { once: true })
  if (outer?.aborted === true) onAbort()
  return {
    signal: controller.signal,
    end() {
      cancel()
      outer?.removeEventListener('abort', onAbort)
    },
  }
}

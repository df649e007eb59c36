import type { Clock } from './clock.ts'

// setTimeout takes a 32-bit signed delay; anything larger fires at once.
const MAX_TIMER_MS = 2 ** 31 - 1

/** The real time. Globals are looked up at each call, so that fake timers of a test runner are respected. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleepOn(schedule, ms, signal),
  schedule,
})

/** Builds an abortable sleep on any `schedule` function. */
export function sleepOn(scheduleTimer: Clock['schedule'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = scheduleTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function schedule(ms: number, callback: () => void, options?: { readonly background?: boolean }): () => void {
  if (ms <= MAX_TIMER_MS && options?.background !== true) {
    const timer = setTimeout(callback, Math.max(ms, 0))
    return () => clearTimeout(timer)
  }
  return scheduleInSteps(ms, callback, options?.background === true)
}

function scheduleInSteps(ms: number, callback: () => void, background: boolean): () => void {
  let timer: ReturnType<typeof setTimeout>
  const arm = (remainingMs: number): void => {
    const stepMs = Math.min(Math.max(remainingMs, 0), MAX_TIMER_MS)
    timer = setTimeout(() => {
      if (remainingMs > MAX_TIMER_MS) arm(remainingMs - MAX_TIMER_MS)
      else callback()
    }, stepMs)
    // Only Node's timers have unref; elsewhere a timer does not hold a process.
    if (background) (timer as { unref?: () => void }).unref?.()
  }
  arm(ms)
  return () => clearTimeout(timer)
}

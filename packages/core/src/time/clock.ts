/**
 * Where Holdfast gets the time and its timers from. Everything that waits takes a `Clock`, so that tests never sleep.
 *
 * The default is `systemClock`; `@holdfast/core/testing` has a fake one.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. Jumps when the machine's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary start. Never goes backwards; use it for durations and deadlines. */
  monotonicMs(): number
  /**
   * Resolves after `ms` milliseconds (0 or less: on the next turn of the event loop).
   *
   * @throws the signal's reason, untouched, as soon as `signal` aborts; timer and listener are gone by then.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Calls `callback` once after `ms` milliseconds. Returns a function that cancels it.
   * With `background: true` a pending timer does not keep the process alive.
   */
  schedule(ms: number, callback: () => void, options?: { readonly background?: boolean }): () => void
}

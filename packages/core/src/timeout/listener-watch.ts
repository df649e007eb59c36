type Listener = Parameters<AbortSignal['addEventListener']>[1]

/**
 * Knows who listens to a signal, and tells when the last one has left. A transport that follows a signal by a listener, as undici
 * and node-fetch do, takes it off when the body has ended, of which nobody else is told.
 *
 * Engines follow the signal that their own `fetch` is given without a listener; nothing is known of those.
 */
export class ListenerWatch {
  readonly #listeners = new Set<Listener>()
  #onDeserted: (() => void) | undefined

  constructor(signal: AbortSignal) {
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      this.#listeners.add(args[1])
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
      remove(...args)
      if (this.#listeners.delete(args[1]) && this.#listeners.size === 0) this.#onDeserted?.()
    }
  }

  /** Calls `callback` when the last listener leaves. Where there is none now, nobody ever says so: then it is not called. */
  onDeserted(callback: () => void): void {
    if (this.#listeners.size > 0) this.#onDeserted = callback
  }
}

type Listening = Parameters<AbortSignal['addEventListener']>
type Leaving = Parameters<AbortSignal['removeEventListener']>

const watch: unique symbol = Symbol('holdfast.watch')

interface WatchedSignal extends AbortSignal {
  [watch]: ListenerWatch
}

/**
 * Knows who listens to a signal, and tells when the last one has left. A transport that follows a signal by a listener, as undici
 * and node-fetch do, takes it off when the body has ended, of which nobody else is told.
 *
 * Engines follow the signal that their own `fetch` is given without a listener; nothing is known of those.
 */
export class ListenerWatch {
  readonly listeners: Set<unknown> = new Set()
  deserted: (() => void) | undefined

  constructor(signal: AbortSignal) {
    const watched = signal as WatchedSignal
    watched[watch] = this
    // The same two functions for every signal: closures for each would cost more than the rest.
    watched.addEventListener = listen
    watched.removeEventListener = leave
  }

  /** Calls `callback` when the last listener leaves. Where there is none now, nobody ever says so: then it is not called. */
  onDeserted(callback: () => void): void {
    if (this.listeners.size > 0) this.deserted = callback
  }
}

function listen(this: WatchedSignal, ...args: Listening): void {
  this[watch].listeners.add(args[1])
  AbortSignal.prototype.addEventListener.apply(this, args)
}

function leave(this: WatchedSignal, ...args: Leaving): void {
  AbortSignal.prototype.removeEventListener.apply(this, args)
  const { listeners, deserted } = this[watch]
  if (listeners.delete(args[1]) && listeners.size === 0) deserted?.()
}

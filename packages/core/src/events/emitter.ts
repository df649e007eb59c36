import { EventEmitter } from 'eventemitter3'

/** Removes a listener; also works with `using`. */
export type Unsubscribe = (() => void) & Disposable

/** Reported when a listener threw. The call that emitted goes on as if nothing had happened. */
export interface ListenerErrorEvent {
  /** Name of the event whose listener threw. */
  readonly event: string
  readonly error: unknown
}

/** What every event map has. */
export interface BaseEventMap {
  /** After a listener of another event threw. A listener of this one that throws is ignored. */
  'listener:error': ListenerErrorEvent
}

/** The listening side of an event stream. */
export interface EventSource<Events extends BaseEventMap> {
  /**
   * Calls `listener` synchronously for each `event`. Listeners run in the order in which they were added; one that is added
   * twice runs twice. What an `async` listener rejects with is reported like what another one throws.
   */
  on<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): Unsubscribe
}

/**
 * A typed event stream on eventemitter3 in which a listener that throws never breaks the emitter.
 * Guard with `has` before building a payload: an event that nobody hears then costs one look-up.
 */
export interface Emitter<Events extends BaseEventMap> extends EventSource<Events> {
  has(event: keyof Events & string): boolean
  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void
  /** Removes every listener. */
  clear(): void
}

/** Makes an event stream without listeners. */
export function createEmitter<Events extends BaseEventMap>(): Emitter<Events> {
  const emitter = new EventEmitter<string>()

  const emit = (event: string, payload: unknown): void => {
    const report = (error: unknown): void => {
      if (event !== 'listener:error') emit('listener:error', { event, error } satisfies ListenerErrorEvent)
    }
    // eventemitter3 lets a throw escape and skips the listeners after it, so each listener is called under its own guard.
    for (const listener of emitter.listeners(event)) {
      try {
        const result: unknown = listener(payload)
        if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(report)
      } catch (error) {
        report(error)
      }
    }
  }

  return {
    on(event, listener) {
      // eventemitter3 removes every registration of a function, so each gets a function of its own.
      const own = (payload: Parameters<typeof listener>[0]): void => listener(payload)
      emitter.on(event, own)
      const remove = (): void => {
        emitter.off(event, own)
      }
      return Object.assign(remove, { [Symbol.dispose]: remove })
    },
    has: (event) => emitter.listenerCount(event) > 0,
    emit,
    clear: () => {
      emitter.removeAllListeners()
    },
  }
}

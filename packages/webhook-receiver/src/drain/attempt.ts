import type { DeliveryContext } from '../receiver/receiver.ts'
import type { Delivery } from './delivery.ts'

/** One call of the handler. */
export interface Attempt {
  readonly delivery: Delivery
  readonly context: DeliveryContext
  /** Monotonic, in milliseconds. */
  readonly startedAtMs: number
  /** Once true, nothing that the handler does counts any more. */
  settled: boolean
  abort(reason: unknown): void
}

/**
 * Makes an attempt. Its AbortController is made when the handler first reads `context.signal`: most never do, and it is the
 * most expensive part of a delivery.
 */
export function createAttempt(delivery: Delivery, destination: string, startedAtMs: number): Attempt {
  const signal = new LazySignal()
  return {
    delivery,
    context: new Context(destination, delivery.attempts + 1, signal),
    startedAtMs,
    settled: false,
    abort: (reason) => signal.abort(reason),
  }
}

class Context implements DeliveryContext {
  readonly destination: string
  readonly attempt: number
  readonly #signal: LazySignal

  constructor(destination: string, attempt: number, signal: LazySignal) {
    this.destination = destination
    this.attempt = attempt
    this.#signal = signal
  }

  get signal(): AbortSignal {
    return this.#signal.get()
  }
}

class LazySignal {
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined

  get(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}

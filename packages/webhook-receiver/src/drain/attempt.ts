import type { Clock } from '@holdfast/core'
import type { DeliveryContext } from '../receiver/delivery-context.ts'
import type { Delivery } from './delivery.ts'
import type { EffectRun, Effects } from './effects.ts'

/** One call of the handler. */
export interface Attempt {
  readonly delivery: Delivery
  readonly context: DeliveryContext
  /** Monotonic, in milliseconds. */
  readonly startedAtMs: number
  /** Whether its outcome says if the breaker of the destination closes. */
  readonly isProbe: boolean
  /** Once true, nothing that the handler does counts any more. */
  settled: boolean
  abort(reason: unknown): void
}

/** What the attempts of a destination share. */
export interface AttemptSetup {
  /** Name of the destination. */
  readonly name: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly effects: Effects
}

/**
 * Makes an attempt. Its AbortController is made when the handler first reads `context.signal`: most never do, and it is the
 * most expensive part of a delivery.
 */
export function createAttempt(delivery: Delivery, setup: AttemptSetup, startedAtMs: number, isProbe: boolean): Attempt {
  const signal = new LazySignal()
  return {
    delivery,
    context: new Context(delivery, setup, startedAtMs, signal),
    startedAtMs,
    isProbe,
    settled: false,
    abort: (reason) => signal.abort(reason),
  }
}

class Context implements DeliveryContext {
  readonly destination: string
  readonly attempt: number
  readonly fencingToken: number
  readonly #delivery: Delivery
  readonly #setup: AttemptSetup
  readonly #startedAtMs: number
  readonly #signal: LazySignal

  constructor(delivery: Delivery, setup: AttemptSetup, startedAtMs: number, signal: LazySignal) {
    this.destination = setup.name
    this.attempt = delivery.attempts + 1
    this.fencingToken = delivery.home.epoch
    this.#delivery = delivery
    this.#setup = setup
    this.#startedAtMs = startedAtMs
    this.#signal = signal
  }

  get signal(): AbortSignal {
    return this.#signal.get()
  }

  get deadline(): number {
    const { clock, timeoutMs } = this.#setup
    return clock.now() + this.#startedAtMs + timeoutMs - clock.monotonicMs()
  }

  // A getter, so that it can be taken out of the context by itself.
  get once(): DeliveryContext['once'] {
    return <Result>(first: string | EffectRun<Result>, second?: EffectRun<Result>) => {
      const [effectId, run] = typeof first === 'string' ? [first, second] : ['', first]
      if (run === undefined) throw new TypeError('`once` needs a function.')
      return this.#setup.effects.once(this.#delivery.event, effectId, this.signal, run)
    }
  }

  get transaction(): DeliveryContext['transaction'] {
    return <Transaction, Result>(work: (transaction: Transaction) => Promise<Result>) =>
      this.#delivery.home.transaction(this.#delivery, (transaction) => work(transaction as Transaction))
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

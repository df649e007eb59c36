import { type BodyValue, freeBody } from '../body/body-kinds.ts'
import type { CircuitPermit } from '../circuit-breaker/breaker-state.ts'
import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { ResolvedHedgeOptions } from '../hedge/hedge-options.ts'
import { isIdempotentMethod } from '../retry/retry-decision.ts'
import { CallSignal } from '../timeout/call-signal.ts'
import { Attempt } from './attempt.ts'
import type { AttemptExtras } from './attempt-extras.ts'
import type { Call } from './call.ts'
import type { HedgeStop } from './decision.ts'
import { exchange } from './exchange.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { discardBody, type Outcome } from './outcome.ts'
import { stopOf } from './prepare-retry.ts'

/** What a race needs of the other policies. */
export interface HedgeGate {
  /** What to wait for before `admit` is asked, as what other processes hold of a limit; `undefined`: nothing. */
  readonly news: (nowMs: number) => Promise<void> | undefined
  /** Takes everything that an attempt needs, when there is nothing to wait for; else says what is missing. */
  readonly admit: (nowMs: number) => { readonly permit: CircuitPermit | undefined } | HedgeStop
  /** Tells all of them what became of an attempt. */
  readonly finish: (attempt: Attempt, outcome: Outcome) => void
}

/**
 * Whether another request may be sent beside one that is slow. Not for what has a key: the answer to a key whose first request
 * is under way is a conflict. And only at first: what has failed once is repeated, not raced.
 */
export function canHedge(call: Call): boolean {
  if (call.record.attempts.length > 0 || !isIdempotentMethod(call.method) || !call.isReplayable) return false
  return call.method === 'GET' || call.idempotencyKey === undefined
}

/**
 * Sends an attempt, and others beside it as long as there is no answer. The first answer that is good, or that another attempt
 * would get too, ends the others; while some are under way, a failure is not the end.
 */
export class HedgedAttempt {
  readonly #first: Attempt
  readonly #call: Call
  readonly #hedge: ResolvedHedgeOptions
  readonly #options: ResolvedFetchOptions
  readonly #events: Emitter<CoreEventMap>
  readonly #gate: HedgeGate
  readonly #running = new Set<Attempt>()
  readonly #finished: Attempt[] = []
  #sent = 0
  #failed: Outcome | undefined
  #isOver = false
  #cancelTimer: (() => void) | undefined
  /** That of a hedge whose body is being made. */
  #preparing: CallSignal | undefined
  #resolve: (outcome: Outcome) => void = () => {}

  /** @param first - Everything was taken for it already. */
  constructor(
    first: Attempt,
    hedge: ResolvedHedgeOptions,
    options: ResolvedFetchOptions,
    events: Emitter<CoreEventMap>,
    gate: HedgeGate,
  ) {
    this.#first = first
    this.#call = first.call
    this.#hedge = hedge
    this.#options = options
    this.#events = events
    this.#gate = gate
  }

  run(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#send(this.#first)
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isOver || this.#sent > this.#hedge.maxHedges) return
    this.#cancelTimer = this.#options.clock.schedule(this.#hedge.delayMs, () => this.#startHedge())
  }

  #startHedge(): void {
    const { extras, callerSignal } = this.#call
    const signal = new CallSignal(callerSignal)
    if (extras?.isMade === true) void this.#makeHedge(extras, signal)
    else this.#sendHedge(signal)
  }

  async #makeHedge(extras: AttemptExtras, signal: CallSignal): Promise<void> {
    const { record, deadlineAtMs, callerSignal } = this.#call
    this.#preparing = signal
    let body: BodyValue | undefined
    try {
      const hedge = { record, deadlineAtMs, callerSignal, signal, failedIn: undefined }
      body = await extras.makeBody(hedge, this.#options.clock, this.#sent + 1)
    } catch {
      // The attempt that there is goes on; should it fail, the next one meets the same failure.
      this.#skip('body', signal)
      return
    } finally {
      this.#preparing = undefined
    }
    // While the body was made, an answer may have come.
    if (this.#isHedgingOver) this.#discard(signal, body)
    else this.#sendHedge(signal, body)
  }

  #sendHedge(signal: CallSignal, body?: BodyValue): void {
    const news = this.#gate.news(this.#options.clock.monotonicMs())
    if (news === undefined) this.#admitHedge(signal, body)
    else void news.then(() => (this.#isHedgingOver ? this.#discard(signal, body) : this.#admitHedge(signal, body)))
  }

  #admitHedge(signal: CallSignal, body: BodyValue | undefined): void {
    const call = this.#call
    const attempt = this.#sent + 1
    const nowMs = this.#options.clock.monotonicMs()
    const admitted = this.#gate.admit(nowMs)
    if (typeof admitted === 'string') {
      this.#skip(admitted, signal, body)
      return
    }
    const { delayMs } = this.#hedge
    call.record.decide({ kind: 'hedge', attempt, delayMs })
    if (this.#events.has('hedge:sent')) this.#events.emit('hedge:sent', { ...call.eventFacts(nowMs), attempt, delayMs })
    call.extras?.keepBody(body)
    this.#send(new Attempt(call, attempt, nowMs, admitted.permit, signal, this.#options, true))
    this.#schedule()
  }

  #discard(signal: CallSignal, body: BodyValue | undefined): void {
    signal.release(null)
    freeBody(body)
  }

  #skip(reason: HedgeStop, signal: CallSignal, body?: BodyValue): void {
    this.#discard(signal, body)
    if (!this.#isHedgingOver) this.#call.record.decide({ kind: 'no_hedge', reason, delayMs: this.#hedge.delayMs })
  }

  #send(attempt: Attempt): void {
    this.#sent++
    this.#running.add(attempt)
    void exchange(attempt, this.#options, (ended, outcome) => {
      if (this.#running.has(ended)) this.#take(ended, outcome)
      else discardBody(outcome)
    })
  }

  #take(attempt: Attempt, outcome: Outcome): void {
    this.#close(attempt, outcome)
    if (this.#running.size === 0 || this.#isDecisive(outcome)) {
      this.#end(attempt, outcome)
      return
    }
    if (this.#failed !== undefined) discardBody(this.#failed)
    this.#failed = outcome
    // From here on it is for the retries.
    this.#stopHedging()
  }

  /** Whether no other attempt would fare better. */
  #isDecisive(outcome: Outcome): boolean {
    if (outcome.failure === undefined) return true
    const stop = stopOf(this.#call, outcome, this.#options)
    return stop === 'not_retryable' || stop === 'server_veto'
  }

  #end(winner: Attempt, outcome: Outcome): void {
    const call = this.#call
    this.#isOver = true
    this.#stopHedging()
    if (this.#failed !== undefined) discardBody(this.#failed)
    for (const attempt of this.#running) {
      // First, so that it is gone when another call gets its slot.
      attempt.signal?.abort(notNeeded())
      this.#close(attempt, lost())
    }
    for (const attempt of this.#finished) if (attempt !== winner) attempt.signal?.release(null)
    call.signal = winner.signal
    if (winner.isHedge && outcome.failure === undefined && this.#events.has('hedge:won'))
      this.#events.emit('hedge:won', {
        ...call.eventFacts(this.#options.clock.monotonicMs()),
        attempt: winner.number,
      })
    this.#resolve(outcome)
  }

  get #isHedgingOver(): boolean {
    return this.#isOver || this.#failed !== undefined
  }

  #stopHedging(): void {
    this.#cancelTimer?.()
    this.#preparing?.abort(notNeeded())
  }

  #close(attempt: Attempt, outcome: Outcome): void {
    this.#running.delete(attempt)
    this.#finished.push(attempt)
    this.#gate.finish(attempt, outcome)
  }
}

function notNeeded(): DOMException {
  return new DOMException('Another attempt of the call was answered first.', 'AbortError')
}

/** What became of an attempt that is not needed any more. It says nothing of the host. */
function lost(): Outcome {
  const failure = { code: 'canceled', reason: 'hedge_lost', phase: 'headers', delivery: 'unknown' } as const
  return { kind: 'error', error: undefined, failure }
}

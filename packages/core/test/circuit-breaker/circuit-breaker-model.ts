import type { CallVerdict, CircuitState } from '../../src/circuit-breaker/circuit-breaker.ts'
import type { ResolvedCircuitBreakerOptions } from '../../src/circuit-breaker/circuit-breaker-options.ts'

/** A call that the model let through. */
export interface ModelCall {
  readonly atMs: number
  /** Counts the changes of state before it. */
  readonly era: number
}

interface Completed {
  readonly atMs: number
  readonly failed: boolean
  readonly slow: boolean
}

/**
 * What docs/circuit-breaker.md says, in the plainest way: it keeps every call for ever and counts from the beginning each time. The
 * breaker is compared with it. Without jitter.
 */
export class CircuitBreakerModel {
  state: CircuitState = 'closed'
  /** Of the last time that it opened. */
  breakMs = 0
  readonly #options: ResolvedCircuitBreakerOptions
  #era = 0
  #inFlight: ModelCall[] = []
  #completed: Completed[] = []
  #untilMs = 0
  #reopened = 0
  #restUntilMs = 0

  constructor(options: ResolvedCircuitBreakerOptions) {
    this.#options = options
  }

  admit(nowMs: number): ModelCall | undefined {
    if (this.state === 'open' && nowMs >= this.#untilMs) this.#enter('half_open')
    if (this.state === 'open' || this.state === 'isolated') return undefined
    if (this.state === 'closed' && this.#hangs(nowMs)) {
      this.#open('closed', nowMs)
      return undefined
    }
    if (this.state === 'half_open') {
      const places = this.#options.halfOpenCalls - this.#completed.length
      if (this.#leased(nowMs).length >= places) return undefined
    }
    const call = { atMs: nowMs, era: this.#era }
    this.#inFlight.push(call)
    return call
  }

  complete(call: ModelCall, verdict: CallVerdict, restMs: number, nowMs: number): void {
    if (this.state === 'half_open') this.#inFlight = [...this.#leased(nowMs)]
    if (!this.#inFlight.includes(call) || call.era !== this.#era) return
    this.#inFlight = this.#inFlight.filter((other) => other !== call)
    if (verdict === 'neutral') return
    const failed = verdict === 'failure'
    const slow = nowMs - call.atMs >= this.#options.slowCallMs
    this.#completed.push({ atMs: nowMs, failed, slow })
    if (this.state === 'closed') {
      if (failed) this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + restMs)
      if ((failed && this.#areTooMany('failed', 0, nowMs)) || (slow && this.#areTooMany('slow', 0, nowMs)))
        this.#open('closed', nowMs)
      else if (this.#hangs(nowMs)) this.#open('closed', nowMs)
      return
    }
    const { halfOpenCalls, failureRatio } = this.#options
    const bad = this.#completed.filter((probe) => probe.failed || probe.slow).length
    const good = this.#completed.length - bad
    if (failed || slow) this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + restMs)
    if (bad >= failureRatio * halfOpenCalls) this.#open('half_open', nowMs)
    else if (halfOpenCalls - good < failureRatio * halfOpenCalls) this.close()
  }

  retryAfterMs(nowMs: number): number {
    if (this.state === 'isolated') return Infinity
    if (this.state === 'open') return Math.max(0, this.#untilMs - nowMs)
    return Math.min(...this.#leased(nowMs).map(({ atMs }) => atMs + this.#options.breakMs - nowMs))
  }

  isolate(): void {
    this.#enter('isolated')
  }

  close(): void {
    this.#reopened = 0
    this.#enter('closed')
  }

  /** As after `toRecord` and `restore` in another process. */
  carry(): void {
    const { state } = this
    if (state === 'closed') this.#reopened = 0
    this.#enter(state)
  }

  #enter(state: CircuitState): void {
    this.state = state
    this.#era++
    this.#completed = []
    this.#restUntilMs = 0
    if (state === 'closed' || state === 'isolated') this.#reopened = 0
  }

  #open(from: CircuitState, nowMs: number): void {
    const { breakMs, maxBreakMs } = this.#options
    if (from === 'half_open') this.#reopened++
    else this.#reopened = 0
    const grownMs = Math.round(Math.min(breakMs * 2 ** this.#reopened, maxBreakMs))
    this.breakMs = Math.min(Math.max(grownMs, this.#restUntilMs - nowMs), maxBreakMs)
    this.#untilMs = nowMs + this.breakMs
    this.#enter('open')
  }

  #leased(nowMs: number): readonly ModelCall[] {
    const { breakMs } = this.#options
    return this.#inFlight.filter((call) => call.era === this.#era && nowMs - call.atMs < breakMs)
  }

  #areTooMany(bad: 'failed' | 'slow', pending: number, nowMs: number): boolean {
    const { windowMs, minimumCalls, failureRatio, slowCallRatio } = this.#options
    const stepMs = windowMs / 10
    const oldest = Math.floor(nowMs / stepMs) - 10
    const inWindow = this.#completed.filter(({ atMs }) => Math.floor(atMs / stepMs) > oldest)
    const calls = inWindow.length + pending
    const ratio = bad === 'failed' ? failureRatio : slowCallRatio
    return calls >= minimumCalls && inWindow.filter((call) => call[bad]).length + pending >= ratio * calls
  }

  #hangs(nowMs: number): boolean {
    const slow = ({ atMs, era }: ModelCall): boolean => era === this.#era && nowMs - atMs >= this.#options.slowCallMs
    const pending = this.#inFlight.filter(slow).length
    return pending > 0 && this.#areTooMany('slow', pending, nowMs)
  }
}

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CircuitPermit } from '../../src/circuit-breaker/breaker-state.ts'
import { type CallVerdict, CircuitBreaker, type CircuitState } from '../../src/circuit-breaker/circuit-breaker.ts'
import {
  type ResolvedCircuitBreakerOptions,
  resolveCircuitBreakerOptions,
} from '../../src/circuit-breaker/circuit-breaker-options.ts'
import { seededRandom } from '../../src/testing/index.ts'

type Step =
  | { readonly do: 'admit' }
  | { readonly do: 'complete'; readonly which: number; readonly verdict: CallVerdict; readonly restMs: number }
  | { readonly do: 'pass'; readonly ms: number }

const verdict = fc.constantFrom<CallVerdict>('success', 'failure', 'failure', 'neutral')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'admit' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('complete' as const),
      which: fc.nat(20),
      verdict,
      restMs: fc.constantFrom(0, 0, 50, 100_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_200 }) }) },
)
const steps = fc.array(step, { maxLength: 150 })

const options = fc
  .record({
    failureRatio: fc.constantFrom(0.01, 0.3, 0.5, 1),
    minimumCalls: fc.integer({ min: 1, max: 5 }),
    windowMs: fc.constantFrom(100, 1_000),
    slowCallMs: fc.constantFrom(Infinity, 200),
    slowCallRatio: fc.constantFrom(0.5, 1),
    breakMs: fc.constantFrom(100, 500),
    maxBreakMs: fc.constantFrom(500, 2_000),
    halfOpenCalls: fc.integer({ min: 1, max: 5 }),
  })
  .map(resolveCircuitBreakerOptions)

interface Sent {
  readonly permit: CircuitPermit
  readonly atMs: number
  /** Counts the changes of state before it. */
  readonly era: number
}

/** Walks through the steps and keeps its own books, by which `check` judges each step. */
class Walk {
  readonly circuit: CircuitBreaker
  readonly changes: CircuitState[] = []
  readonly inFlight: Sent[] = []
  nowMs = 0
  breakMs = 0

  constructor(settings: ResolvedCircuitBreakerOptions) {
    this.circuit = new CircuitBreaker(settings, seededRandom(), {
      opened: (breakMs) => {
        this.breakMs = breakMs
        this.changes.push('open')
      },
      halfOpened: () => this.changes.push('half_open'),
      closed: () => this.changes.push('closed'),
      isolated: () => this.changes.push('isolated'),
    })
  }

  get era(): number {
    return this.changes.length
  }

  take(next: Step): void {
    if (next.do === 'pass') this.nowMs += next.ms
    else if (next.do === 'admit') this.admit()
    else this.complete(next.which, next.verdict, next.restMs)
  }

  admit(): boolean {
    const permit = this.circuit.admit(this.nowMs)
    if (permit !== undefined) this.inFlight.push({ permit, atMs: this.nowMs, era: this.era })
    return permit !== undefined
  }

  complete(which: number, result: CallVerdict, restMs = 0): void {
    const [sent] = this.inFlight.splice(which % Math.max(1, this.inFlight.length), 1)
    if (sent !== undefined) this.circuit.record(sent.permit, result, this.nowMs, restMs)
  }
}

it('the circuit only ever goes from closed to open, from open to half-open, and from there to either', () => {
  const after = { closed: ['open'], open: ['half_open'], half_open: ['open', 'closed'], isolated: [] }
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk(settings)
      for (const next of walked) walk.take(next)
      let state: CircuitState = 'closed'
      for (const change of walk.changes) {
        expect(after[state]).toContain(change)
        state = change
      }
      expect(walk.circuit.state).toBe(state)
    }),
  )
})

it('the circuit never has more probes out than it is told', () => {
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk(settings)
      for (const next of walked) {
        walk.take(next)
        const leased = walk.inFlight.filter(
          ({ permit, atMs, era }) => permit.probe && era === walk.era && walk.nowMs - atMs < settings.breakMs,
        )
        expect(leased.length).toBeLessThanOrEqual(settings.halfOpenCalls)
      }
    }),
  )
})

it('the circuit is never stuck: after the time that it names, a call is admitted, whatever hangs', () => {
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk(settings)
      for (const next of walked) walk.take(next)
      // The first one may find that calls in flight hang, which opens the circuit.
      if (!walk.admit()) {
        const waitMs = walk.circuit.retryAfterMs(walk.nowMs)
        expect(waitMs).toBeLessThanOrEqual(settings.maxBreakMs)
        walk.nowMs += waitMs
        expect(walk.admit()).toBe(true)
      }
    }),
  )
})

it('the circuit closes again once the host is well', () => {
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk(settings)
      for (const next of walked) walk.take(next)
      for (let n = 0; n < settings.halfOpenCalls + 2; n++) {
        walk.nowMs += settings.maxBreakMs
        if (walk.admit()) walk.complete(walk.inFlight.length - 1, 'success')
      }
      expect(walk.circuit.state).toBe('closed')
    }),
  )
})

it('the circuit never opens on results that are neutral or good, whatever is in flight', () => {
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk({ ...settings, slowCallMs: Infinity })
      for (const next of walked) {
        const isFailure = next.do === 'complete' && next.verdict === 'failure'
        walk.take(isFailure ? { ...next, verdict: 'neutral' } : next)
      }
      expect(walk.changes).toEqual([])
    }),
  )
})

it('the circuit opens exactly when the completed calls of the window reach the minimum and the ratio', () => {
  fc.assert(
    fc.property(options, fc.array(fc.tuple(verdict, fc.nat(60)), { maxLength: 60 }), (settings, results) => {
      const walk = new Walk({ ...settings, slowCallMs: Infinity })
      const stepMs = settings.windowMs / 10
      const counted: { readonly step: number; readonly failed: boolean }[] = []
      for (const [result, ms] of results) {
        walk.nowMs += ms
        walk.admit()
        walk.complete(0, result)
        if (result === 'neutral') continue
        const now = Math.floor(walk.nowMs / stepMs)
        counted.push({ step: now, failed: result === 'failure' })
        const inWindow = counted.filter((call) => call.step > now - 10)
        const failures = inWindow.filter((call) => call.failed).length
        const isTooMuch =
          result === 'failure' &&
          inWindow.length >= settings.minimumCalls &&
          failures >= settings.failureRatio * inWindow.length
        expect(walk.circuit.state).toBe(isTooMuch ? 'open' : 'closed')
        if (isTooMuch) return
      }
    }),
  )
})

it('a break is never longer than the longest and never shorter than nine tenths of the shortest', () => {
  fc.assert(
    fc.property(options, steps, (settings, walked) => {
      const walk = new Walk(settings)
      for (const next of walked) {
        const { era } = walk
        walk.take(next)
        if (walk.era === era || walk.changes.at(-1) !== 'open') continue
        expect(walk.breakMs).toBeLessThanOrEqual(settings.maxBreakMs)
        expect(walk.breakMs).toBeGreaterThanOrEqual(0.9 * settings.breakMs)
      }
    }),
  )
})

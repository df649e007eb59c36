import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CircuitPermit } from '../../src/circuit-breaker/breaker-state.ts'
import { type CallVerdict, CircuitBreaker, type CircuitRecord } from '../../src/circuit-breaker/circuit-breaker.ts'
import {
  type ResolvedCircuitBreakerOptions,
  resolveCircuitBreakerOptions,
} from '../../src/circuit-breaker/circuit-breaker-options.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { CircuitBreakerModel, type ModelCall } from './circuit-breaker-model.ts'

type Step =
  | { readonly do: 'admit' | 'isolate' | 'close' | 'carry' }
  | { readonly do: 'complete'; readonly which: number; readonly verdict: CallVerdict; readonly restMs: number }
  | { readonly do: 'pass'; readonly ms: number }
  /** Exactly as long as the circuit says, or a little less. */
  | { readonly do: 'wait'; readonly lessMs: number }

const complete = fc.record({
  do: fc.constant('complete' as const),
  which: fc.nat(20),
  verdict: fc.constantFrom<CallVerdict>('success', 'failure', 'failure', 'neutral'),
  restMs: fc.constantFrom(0, 0, 50, 700, 100_000),
})
const only = <Name extends 'admit' | 'isolate' | 'close' | 'carry'>(name: Name) => fc.constant({ do: name })
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 40, arbitrary: only('admit') },
    { weight: 40, arbitrary: complete },
    { weight: 10, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_200 }) }) },
    { weight: 10, arbitrary: fc.record({ do: fc.constant('wait' as const), lessMs: fc.constantFrom(0, 0, 1) }) },
    { weight: 1, arbitrary: only('isolate') },
    { weight: 2, arbitrary: only('close') },
    { weight: 3, arbitrary: only('carry') },
  ),
  { maxLength: 200, size: 'max' },
)

const settings = fc
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

/** The breaker and the model, step by step side by side. */
class Pair {
  readonly #options: ResolvedCircuitBreakerOptions
  readonly #model: CircuitBreakerModel
  readonly #inFlight: { readonly permit: CircuitPermit; readonly call: ModelCall }[] = []
  readonly #seen: Set<string>
  #circuit: CircuitBreaker
  #openedMs = 0
  #nowMs = 0

  constructor(options: ResolvedCircuitBreakerOptions, seen: Set<string>) {
    this.#options = options
    this.#model = new CircuitBreakerModel(options)
    this.#circuit = this.#create()
    this.#seen = seen
  }

  take(step: Step): void {
    const before = this.#circuit.state
    this.#do(step)
    const { state } = this.#circuit
    expect(state).toBe(this.#model.state)
    if (state === 'open') {
      expect(this.#circuit.retryAfterMs(this.#nowMs)).toBe(this.#model.retryAfterMs(this.#nowMs))
      if (before !== 'open') expect(this.#openedMs).toBe(this.#model.breakMs)
    }
    if (state !== before) this.#seen.add(`${before} → ${state}`)
  }

  #do(step: Step): void {
    switch (step.do) {
      case 'pass':
        this.#nowMs += step.ms
        return
      case 'wait': {
        const waitMs = this.#circuit.retryAfterMs(this.#nowMs)
        if (waitMs > step.lessMs && waitMs < Infinity) this.#nowMs += waitMs - step.lessMs
        return
      }
      case 'admit':
        this.#admit()
        return
      case 'complete':
        this.#complete(step.which, step.verdict, step.restMs)
        return
      case 'isolate':
      case 'close':
        this.#circuit[step.do]()
        this.#model[step.do]()
        return
      case 'carry': {
        const record = JSON.parse(JSON.stringify(this.#circuit.toRecord(this.#nowMs))) as CircuitRecord
        this.#circuit = this.#create()
        this.#circuit.restore(record, this.#nowMs)
        this.#model.carry()
      }
    }
  }

  #admit(): void {
    const permit = this.#circuit.admit(this.#nowMs)
    const call = this.#model.admit(this.#nowMs)
    expect(permit !== undefined).toBe(call !== undefined)
    if (permit !== undefined && call !== undefined) this.#inFlight.push({ permit, call })
    else expect(this.#circuit.retryAfterMs(this.#nowMs)).toBe(this.#model.retryAfterMs(this.#nowMs))
  }

  #complete(which: number, verdict: CallVerdict, restMs: number): void {
    const [sent] = this.#inFlight.splice(which % Math.max(1, this.#inFlight.length), 1)
    if (sent === undefined) return
    this.#circuit.record(sent.permit, verdict, this.#nowMs, restMs)
    this.#model.complete(sent.call, verdict, restMs, this.#nowMs)
  }

  #create(): CircuitBreaker {
    // Without jitter.
    const random = { ...seededRandom(), next: () => 0.5 }
    return new CircuitBreaker(this.#options, random, {
      opened: (breakMs) => {
        this.#openedMs = breakMs
      },
      halfOpened: () => {},
      closed: () => {},
      isolated: () => {},
    })
  }
}

describe('CircuitBreaker', () => {
  it('does what a model says that counts everything from the beginning, at every step', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(settings, steps, (options, walked) => {
        const pair = new Pair(options, seen)
        for (const step of walked) pair.take(step)
      }),
      { numRuns: 2_000, seed: 3 },
    )
    // A walk that sees nothing proves nothing.
    expect([...seen].toSorted()).toEqual([
      'closed → isolated',
      'closed → open',
      'half_open → closed',
      'half_open → isolated',
      'half_open → open',
      'isolated → closed',
      'open → closed',
      'open → half_open',
      'open → isolated',
    ])
  })
})

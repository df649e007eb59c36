import { describe, expect, it } from 'vitest'
import { type CallVerdict, CircuitBreaker } from '../../src/circuit-breaker/circuit-breaker.ts'
import { defaultCircuitBreakerOptions } from '../../src/circuit-breaker/circuit-breaker-options.ts'

const options = { ...defaultCircuitBreakerOptions, minimumCalls: 4, windowMs: 1_000, breakMs: 500 }

function breaker(overrides: Partial<typeof options> = {}) {
  const changes: string[] = []
  const circuit = new CircuitBreaker(
    { ...options, ...overrides },
    {
      opened: () => changes.push('opened'),
      halfOpened: () => changes.push('half-opened'),
      closed: () => changes.push('closed'),
    },
  )
  const call = (verdict: CallVerdict, atMs = 0): boolean => {
    const permit = circuit.admit(atMs)
    if (permit !== undefined) circuit.record(permit, verdict, atMs)
    return permit !== undefined
  }
  const calls = (verdicts: readonly CallVerdict[], atMs = 0): boolean[] =>
    verdicts.map((verdict) => call(verdict, atMs))
  return { circuit, changes, call, calls }
}

/** opossum settles a success in a microtask. */
const settled = (): Promise<void> => Promise.resolve().then(() => {})

describe('CircuitBreaker', () => {
  it('goes from closed to open when the failures reach the ratio, exactly', () => {
    const { circuit, changes, calls } = breaker()
    calls(['success', 'success'])
    return settled().then(() => {
      calls(['failure'])
      expect(circuit.state).toBe('closed')
      calls(['failure'])
      expect(circuit.state).toBe('open')
      expect(changes).toEqual(['opened'])
    })
  })

  it('stays closed below the minimum of calls', () => {
    const { circuit, calls } = breaker()
    calls(['failure', 'failure', 'failure'])
    expect(circuit.state).toBe('closed')
  })

  it('counts completed calls only, however many are in flight', () => {
    const { circuit, calls } = breaker()
    for (let n = 0; n < 100; n++) circuit.admit(0)
    calls(['failure', 'failure', 'failure', 'failure'])
    expect(circuit.state).toBe('open')
  })

  it('lets neutral calls count neither way', () => {
    const { circuit, calls } = breaker()
    calls(Array.from({ length: 50 }, () => 'neutral'))
    calls(['failure', 'failure', 'failure'])
    expect(circuit.state).toBe('closed')
    calls(['failure'])
    expect(circuit.state).toBe('open')
  })

  it('forgets what is older than the window', () => {
    const { circuit, calls } = breaker()
    calls(['failure', 'failure', 'failure'], 0)
    calls(['failure'], 1_100)
    expect(circuit.state).toBe('closed')
    calls(['failure', 'failure', 'failure'], 1_150)
    expect(circuit.state).toBe('open')
  })

  it('remembers what is in the window', () => {
    const { circuit, calls } = breaker()
    calls(['failure', 'failure', 'failure'], 0)
    calls(['failure'], 850)
    expect(circuit.state).toBe('open')
  })

  it('refuses while it is open and says for how long', () => {
    const { circuit, call, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'], 100)
    expect(call('success', 300)).toBe(false)
    expect(circuit.retryAfterMs(300)).toBe(300)
  })

  it('goes from open to half-open with the first call after the break, and lets only that one through', () => {
    const { circuit, changes, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    expect(circuit.admit(500)).toEqual({ probe: true })
    expect(circuit.admit(500)).toBeUndefined()
    expect(circuit.state).toBe('half_open')
    expect(changes).toEqual(['opened', 'half-opened'])
  })

  it('goes from half-open to closed with a success, and starts with an empty window', async () => {
    const { circuit, changes, call, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    call('success', 500)
    await settled()
    expect(circuit.state).toBe('closed')
    calls(['failure', 'failure'], 500)
    expect(circuit.state).toBe('closed')
    expect(changes).toEqual(['opened', 'half-opened', 'closed'])
  })

  it('goes from half-open to open with one failure, for another whole break', () => {
    const { circuit, changes, call, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    call('failure', 700)
    expect(circuit.state).toBe('open')
    expect(circuit.retryAfterMs(800)).toBe(400)
    expect(changes).toEqual(['opened', 'half-opened', 'opened'])
  })

  it('stays half-open with a neutral result and lets the next call through', async () => {
    const { circuit, call, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    expect(calls(['neutral', 'neutral'], 500)).toEqual([true, true])
    expect(circuit.state).toBe('half_open')
    call('success', 500)
    await settled()
    expect(circuit.state).toBe('closed')
  })

  it('takes the lease from a probe that does not come back', () => {
    const { circuit, calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    const lost = circuit.admit(500)
    expect(circuit.admit(999)).toBeUndefined()
    const next = circuit.admit(1_000)
    expect(next).toEqual({ probe: true })
    if (lost !== undefined) circuit.record(lost, 'failure', 1_100)
    expect(circuit.state).toBe('half_open')
  })

  it('does not count calls that were admitted before it opened', () => {
    const { circuit, changes, calls } = breaker()
    const early = [1, 2, 3].map(() => circuit.admit(0))
    calls(['failure', 'failure', 'failure', 'failure'])
    const probe = circuit.admit(500)
    for (const permit of early) if (permit !== undefined) circuit.record(permit, 'success', 500)
    expect(circuit.state).toBe('half_open')
    if (probe !== undefined) circuit.record(probe, 'failure', 500)
    expect(changes).toEqual(['opened', 'half-opened', 'opened'])
  })

  it('opens only when everything fails with a ratio of 1', () => {
    const { circuit, calls } = breaker({ failureRatio: 1 })
    calls(['failure', 'failure', 'failure', 'failure'])
    expect(circuit.state).toBe('open')
  })

  it('lets everything pass once it was disposed', () => {
    const { circuit, changes, calls } = breaker()
    circuit.dispose()
    expect(calls(['failure', 'failure', 'failure', 'failure', 'failure'])).toEqual([true, true, true, true, true])
    expect(changes).toEqual([])
  })

  it('keeps no timer', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const { calls } = breaker()
    calls(['failure', 'failure', 'failure', 'failure'])
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before)
  })
})

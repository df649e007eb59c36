import { describe, expect, it } from 'vitest'
import type { CircuitPermit } from '../../src/circuit-breaker/breaker-state.ts'
import { type CallVerdict, CircuitBreaker } from '../../src/circuit-breaker/circuit-breaker.ts'
import { defaultCircuitBreakerOptions } from '../../src/circuit-breaker/circuit-breaker-options.ts'
import { systemRandom } from '../../src/random/random.ts'

const options = {
  ...defaultCircuitBreakerOptions,
  minimumCalls: 4,
  windowMs: 1_000,
  breakMs: 500,
  maxBreakMs: 3_000,
  halfOpenCalls: 1,
}
const fail = (count: number): CallVerdict[] => Array.from({ length: count }, () => 'failure')

/** A breaker whose breaks are exact; `jitter` from 0 to 1 makes them a tenth shorter or longer. */
function breaker(overrides: Partial<typeof options> = {}, jitter = 0.5) {
  const changes: string[] = []
  const circuit = new CircuitBreaker(
    { ...options, ...overrides },
    { ...systemRandom, next: () => jitter },
    {
      opened: (breakMs, reason) => changes.push(`opened for ${breakMs}, ${reason}`),
      halfOpened: () => changes.push('half-opened'),
      closed: () => changes.push('closed'),
      isolated: () => changes.push('isolated'),
    },
  )
  const admit = (atMs: number): CircuitPermit => {
    const permit = circuit.admit(atMs)
    if (permit === undefined) throw new Error('The call was refused.')
    return permit
  }
  const calls = (verdicts: readonly CallVerdict[], atMs = 0): boolean[] =>
    verdicts.map((verdict) => {
      const permit = circuit.admit(atMs)
      if (permit !== undefined) circuit.record(permit, verdict, atMs)
      return permit !== undefined
    })
  return { circuit, changes, admit, calls }
}

describe('CircuitBreaker: closed', () => {
  it('opens when the failures reach the ratio, exactly', () => {
    const { circuit, changes, calls } = breaker()
    calls(['success', 'success', 'failure'])
    expect(circuit.state).toBe('closed')
    calls(['failure'])
    expect(circuit.state).toBe('open')
    expect(changes).toEqual(['opened for 500, failures'])
  })

  it('stays closed below the minimum of calls', () => {
    const { circuit, calls } = breaker()
    calls(fail(3))
    expect(circuit.state).toBe('closed')
  })

  it('counts completed calls only, however many are in flight', () => {
    const { circuit, calls } = breaker()
    for (let n = 0; n < 100; n++) circuit.admit(0)
    calls(fail(4))
    expect(circuit.state).toBe('open')
  })

  it('lets neutral calls count neither way', () => {
    const { circuit, calls } = breaker()
    calls(Array.from({ length: 50 }, () => 'neutral'))
    calls(fail(3))
    expect(circuit.state).toBe('closed')
    calls(fail(1))
    expect(circuit.state).toBe('open')
  })

  it('opens only when everything fails with a ratio of 1', () => {
    const { circuit, calls } = breaker({ failureRatio: 1 })
    calls(fail(4))
    expect(circuit.state).toBe('open')
  })
})

describe('CircuitBreaker: open', () => {
  it('refuses calls and says for how long', () => {
    const { circuit, calls } = breaker()
    calls(fail(4), 100)
    expect(calls(['success'], 300)).toEqual([false])
    expect(circuit.retryAfterMs(300)).toBe(300)
  })

  it('becomes half-open with the first call after the break', () => {
    const { circuit, changes, calls } = breaker()
    calls(fail(4))
    expect(circuit.admit(499)).toBeUndefined()
    expect(circuit.admit(500)).toMatchObject({ probe: true })
    expect(circuit.state).toBe('half_open')
    expect(changes.slice(1)).toEqual(['half-opened'])
  })

  it('takes no notice of calls that were admitted before it opened', () => {
    const { circuit, changes, admit, calls } = breaker()
    const early = [admit(0), admit(0), admit(0)]
    calls(fail(4))
    for (const permit of early) circuit.record(permit, 'success', 100)
    const probe = admit(500)
    for (const permit of early) circuit.record(permit, 'success', 500)
    expect(circuit.state).toBe('half_open')
    circuit.record(probe, 'success', 500)
    for (let n = 0; n < 10; n++) for (const permit of early) circuit.record(permit, 'failure', 600)
    expect(circuit.state).toBe('closed')
    expect(changes).toEqual(['opened for 500, failures', 'half-opened', 'closed'])
  })

  it.each([
    [0, 450],
    [1, 550],
  ])('varies the break by a tenth (jitter %d)', (jitter, breakMs) => {
    const { changes, calls } = breaker({}, jitter)
    calls(fail(4))
    expect(changes).toEqual([`opened for ${breakMs}, failures`])
  })

  it('doubles the break each time it opens again, up to the longest, and begins anew once it was closed', () => {
    const { circuit, changes, calls } = breaker()
    calls(fail(4))
    let nowMs = 0
    for (let round = 0; round < 4; round++) {
      nowMs += circuit.retryAfterMs(nowMs)
      calls(['failure'], nowMs)
    }
    nowMs += circuit.retryAfterMs(nowMs)
    calls(['success', ...fail(4)], nowMs)
    expect(changes.filter((change) => change !== 'half-opened')).toEqual([
      'opened for 500, failures',
      'opened for 1000, failures',
      'opened for 2000, failures',
      'opened for 3000, failures',
      'opened for 3000, failures',
      'closed',
      'opened for 500, failures',
    ])
  })

  it.each([
    ['shorter than the break', 300, 500],
    ['longer than the break', 2_000, 2_000],
    ['longer than the longest break', 90_000, 3_000],
  ])('respects a wait of the host that is %s', (_, restMs, breakMs) => {
    const { circuit, admit, calls } = breaker()
    calls(fail(3))
    circuit.record(admit(0), 'failure', 0, restMs)
    expect(circuit.retryAfterMs(0)).toBe(breakMs)
  })

  it('respects a wait that a failure before the last one brought', () => {
    const { circuit, admit, calls } = breaker()
    circuit.record(admit(0), 'failure', 0, 2_000)
    calls(fail(3), 400)
    expect(circuit.retryAfterMs(400)).toBe(1_600)
  })

  it('is not prolonged by what a neutral call brought', () => {
    const { circuit, admit, calls } = breaker()
    circuit.record(admit(0), 'neutral', 0, 2_000)
    calls(fail(4))
    expect(circuit.retryAfterMs(0)).toBe(500)
  })
})

describe('CircuitBreaker: half-open', () => {
  it('closes with a success and starts with an empty window', () => {
    const { circuit, changes, calls } = breaker()
    calls(fail(4))
    calls(['success'], 500)
    expect(circuit.state).toBe('closed')
    calls(fail(3), 500)
    expect(circuit.state).toBe('closed')
    expect(changes.slice(1)).toEqual(['half-opened', 'closed'])
  })

  it('opens with a failure', () => {
    const { circuit, changes, calls } = breaker()
    calls(fail(4))
    calls(fail(1), 700)
    expect(circuit.state).toBe('open')
    expect(circuit.retryAfterMs(800)).toBe(900)
    expect(changes.slice(1)).toEqual(['half-opened', 'opened for 1000, failures'])
  })

  it('prolongs the next break by what a failed probe brought', () => {
    const { circuit, admit, calls } = breaker()
    calls(fail(4))
    circuit.record(admit(500), 'failure', 500, 2_500)
    expect(circuit.retryAfterMs(500)).toBe(2_500)
  })

  it('gives the place of a neutral probe to the next call', () => {
    const { circuit, calls } = breaker()
    calls(fail(4))
    expect(calls(['neutral', 'neutral'], 500)).toEqual([true, true])
    expect(circuit.state).toBe('half_open')
    calls(['success'], 500)
    expect(circuit.state).toBe('closed')
  })

  it('lets as many calls through as it is told, and no more', () => {
    const { circuit, calls } = breaker({ halfOpenCalls: 3 })
    calls(fail(4))
    const probes = [500, 500, 600, 600].map((atMs) => circuit.admit(atMs))
    expect(probes.map((probe) => probe?.probe)).toEqual([true, true, true, undefined])
    expect(circuit.retryAfterMs(600)).toBe(400)
  })

  it.each<[string, CallVerdict[], string]>([
    ['closes as soon as the ratio of failures cannot be reached', ['success', 'success'], 'closed'],
    ['closes with one failure below the ratio', ['failure', 'success', 'success'], 'closed'],
    ['opens as soon as the ratio of failures is reached', ['failure', 'failure'], 'open'],
    ['opens with one success', ['success', 'failure', 'failure'], 'open'],
    ['waits while both are possible', ['success', 'failure'], 'half_open'],
  ])('%s (3 calls, ratio 0.5)', (_, verdicts, state) => {
    const { circuit, calls } = breaker({ halfOpenCalls: 3 })
    calls(fail(4))
    calls(verdicts, 500)
    expect(circuit.state).toBe(state)
  })

  it.each<[CallVerdict[], string]>([
    [['failure', 'failure'], 'open'],
    [['success', 'success'], 'half_open'],
    [['success', 'success', 'success'], 'closed'],
    [['success', 'success', 'failure', 'failure'], 'open'],
  ])('counts the ratio itself as too much: after %j of 4 calls, ratio 0.5, it is %s', (verdicts, state) => {
    const { circuit, calls } = breaker({ halfOpenCalls: 4 })
    calls(fail(4))
    calls(verdicts, 500)
    expect(circuit.state).toBe(state)
  })

  it('ends the lease of each probe on its own', () => {
    const { circuit, admit, calls } = breaker({ halfOpenCalls: 2 })
    calls(fail(4))
    const lost = admit(500)
    const slow = admit(800)
    expect(circuit.admit(999)).toBeUndefined()
    const next = admit(1_000)
    expect(circuit.admit(1_000)).toBeUndefined()
    circuit.record(lost, 'failure', 1_100)
    expect(circuit.state).toBe('half_open')
    circuit.record(slow, 'success', 1_100)
    circuit.record(next, 'success', 1_100)
    expect(circuit.state).toBe('closed')
  })

  it('takes no notice of a probe that comes back after its lease, though nobody took its place', () => {
    const { circuit, admit, calls } = breaker()
    calls(fail(4))
    const lost = admit(500)
    circuit.record(lost, 'failure', 1_000)
    expect(circuit.state).toBe('half_open')
  })
})

describe('CircuitBreaker: slow calls', () => {
  const slow = { slowCallMs: 100, slowCallRatio: 0.5, minimumCalls: 4 }

  it('do not matter unless they are asked for', () => {
    const { circuit, admit } = breaker()
    for (let n = 0; n < 20; n++) circuit.record(admit(0), 'success', 900)
    expect(circuit.state).toBe('closed')
  })

  it('open the circuit when they reach the ratio, though they succeed', () => {
    const { circuit, changes, admit } = breaker(slow)
    const permits = [admit(0), admit(0), admit(0), admit(1)]
    const ends = [99, 99, 100, 101]
    for (const [index, permit] of permits.entries()) {
      expect(circuit.state).toBe('closed')
      circuit.record(permit, 'success', ends[index] ?? 0)
    }
    expect(changes).toEqual(['opened for 500, slow_calls'])
  })

  it('count while they are still in flight, when another call wants to start', () => {
    const { circuit, changes, admit } = breaker(slow)
    for (let n = 0; n < 4; n++) admit(n)
    expect(circuit.admit(102)).toBeDefined()
    expect(circuit.admit(103)).toBeUndefined()
    expect(changes).toEqual(['opened for 500, slow_calls'])
  })

  it('count while they are still in flight, when another call completes', () => {
    const { circuit, admit } = breaker({ ...slow, slowCallRatio: 0.75 })
    for (let n = 0; n < 3; n++) admit(0)
    const quick = admit(50)
    circuit.record(quick, 'success', 120)
    expect(circuit.state).toBe('open')
  })

  it('count while only one is in flight', () => {
    const { circuit, admit, calls } = breaker({ ...slow, minimumCalls: 2 })
    admit(0)
    calls(['success'], 50)
    expect(circuit.admit(99)).toBeDefined()
    expect(circuit.admit(100)).toBeUndefined()
  })

  it('are outweighed by quick ones', () => {
    const { circuit, admit, calls } = breaker(slow)
    for (let n = 0; n < 4; n++) admit(0)
    calls(['success', 'success', 'success', 'success', 'success'], 50)
    expect(circuit.admit(150)).toBeDefined()
    expect(circuit.state).toBe('closed')
  })

  it('count neither way when they are neutral', () => {
    const { circuit, admit } = breaker(slow)
    for (let n = 0; n < 20; n++) circuit.record(admit(n * 200), 'neutral', n * 200 + 150)
    expect(circuit.state).toBe('closed')
  })

  it('fail as probes', () => {
    const { circuit, changes, admit, calls } = breaker(slow)
    calls(fail(4))
    circuit.record(admit(500), 'success', 600)
    expect(circuit.state).toBe('open')
    expect(changes.at(-1)).toBe('opened for 1000, slow_calls')
  })
})

describe('CircuitBreaker: by hand', () => {
  it('refuses every call from isolate to close', () => {
    const { circuit, changes, calls } = breaker()
    circuit.isolate()
    circuit.isolate()
    expect(calls(['success'], 1e9)).toEqual([false])
    expect(circuit.retryAfterMs(0)).toBe(Infinity)
    circuit.close()
    expect(calls(['success'], 1e9)).toEqual([true])
    expect(changes).toEqual(['isolated', 'closed'])
  })

  it('takes no notice of calls that were admitted before isolate', () => {
    const { circuit, admit } = breaker({ minimumCalls: 1 })
    const early = admit(0)
    circuit.isolate()
    circuit.record(early, 'failure', 0)
    circuit.close()
    circuit.record(early, 'failure', 0)
    expect(circuit.state).toBe('closed')
  })

  it('closes an open circuit and forgets what was counted', () => {
    const { circuit, changes, calls } = breaker()
    calls(fail(4))
    circuit.close()
    calls(fail(3))
    circuit.close()
    expect(changes).toEqual(['opened for 500, failures', 'closed'])
    expect(calls(fail(3))).toEqual([true, true, true])
  })
})

describe('CircuitBreaker: records', () => {
  it('carries the rest of a break and its growth to another one', () => {
    const { circuit: old, calls } = breaker()
    calls(fail(4))
    calls(fail(1), 500)
    const record = old.toRecord(900)
    expect(record).toEqual({ state: 'open', reopened: 1, remainingMs: 600 })
    const { circuit, changes, calls: callsLater } = breaker()
    circuit.restore(record, 70_000)
    expect(circuit.retryAfterMs(70_000)).toBe(600)
    callsLater(fail(1), 70_600)
    expect(changes).toEqual(['half-opened', 'opened for 2000, failures'])
  })

  it.each(['closed', 'half_open', 'isolated'] as const)('carries %s', (state) => {
    const { circuit } = breaker()
    circuit.restore({ state, reopened: 0, remainingMs: 0 }, 0)
    expect(circuit.state).toBe(state)
    expect(circuit.toRecord(0).state).toBe(state)
  })

  it('never restores a break that is longer than the longest', () => {
    const { circuit } = breaker()
    circuit.restore({ state: 'open', reopened: 0, remainingMs: 1e9 }, 0)
    expect(circuit.retryAfterMs(0)).toBe(3_000)
  })
})

it('CircuitBreaker keeps no timer', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const { calls } = breaker()
  calls(['success', ...fail(4)])
  expect(timers()).toBe(before)
})

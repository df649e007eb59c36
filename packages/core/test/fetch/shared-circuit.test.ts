import { expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/circuit-breaker/circuit-breaker.ts'
import { resolveCircuitBreakerOptions } from '../../src/circuit-breaker/circuit-breaker-options.ts'
import { SharedCircuit, type StoredCircuit } from '../../src/fetch/shared-circuit.ts'
import { memoryStateStore } from '../../src/index.ts'
import { StateLink } from '../../src/state/state-link.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

const closed: StoredCircuit = {
  state: 'closed',
  changedAt: 5,
  until: 0,
  reopened: 0,
  reason: 'failures',
  successes: 0,
  failures: 0,
}

it('SharedCircuit keeps what happens here while it is taking over what others stored', () => {
  const clock = fakeClock()
  const silent = { opened: () => {}, halfOpened: () => {}, closed: () => {}, isolated: () => {} }
  const breaker = new CircuitBreaker(resolveCircuitBreakerOptions({}), seededRandom(), silent)
  const adopted: string[] = []
  const link = new StateLink(memoryStateStore({ clock }), clock, seededRandom(), {
    failed: () => {},
    recovered: () => {},
  })
  const local = {
    breaker,
    openedBy: { reason: 'failures' } as const,
    adopt: ({ state }: StoredCircuit) => adopted.push(state),
  }
  const shared = new SharedCircuit(link, local, { probeMs: 1_000, sync: async () => {}, detached: () => {} })
  breaker.restore({ state: 'open', reopened: 0, remainingMs: 10_000 }, 0)

  const { commit } = shared.reconcile(closed, 10)
  shared.changed()
  commit()
  expect(adopted).toEqual([])
  expect(shared.reconcile(closed, 11).next).toMatchObject({ state: 'open', changedAt: 11 })
  shared.reconcile(closed, 11).commit()
  shared.reconcile({ ...closed, changedAt: 12 }, 13).commit()
  expect(adopted).toEqual(['closed'])
})

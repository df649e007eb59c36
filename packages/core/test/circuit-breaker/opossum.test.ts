import Opossum from 'opossum'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const failing = (): never => {
  throw new Error('down')
}

function opossum(action: () => Promise<unknown>, options: Opossum.Options & { state?: object } = {}) {
  return new Opossum(action, { timeout: false, enableSnapshots: false, ...options })
}

const halfOpen = { state: { closed: false, halfOpen: true } }

const BREAK_MS = 1_000

/** Why the states are ours and only the verdict is opossum's. A failure here says that something could be left to it. */
describe('opossum', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('decides a half-open circuit by its first probe, whatever the others bring', async () => {
    const circuit = opossum(() => Promise.resolve(), halfOpen)
    await circuit.fire()
    expect(circuit.closed).toBe(true)
    circuit.shutdown()
  })

  it('lets one probe through, and no other one until it comes back', async () => {
    const circuit = opossum(() => new Promise<void>(() => {}), halfOpen)
    void circuit.fire()
    await expect(circuit.fire()).rejects.toMatchObject({ code: 'EOPENBREAKER' })
    circuit.shutdown()
  })

  it('takes a filtered error for a success, so that it closes a half-open circuit', async () => {
    const circuit = opossum(failing, { ...halfOpen, errorFilter: () => true })
    await expect(circuit.fire()).rejects.toThrow('down')
    expect(circuit.closed).toBe(true)
    circuit.shutdown()
  })

  it('divides the failures by the calls that were begun, so that calls in flight hide them', async () => {
    let hangs = true
    const circuit = opossum(() => (hangs ? new Promise<void>(() => {}) : failing()))
    for (let n = 0; n < 20; n++) void circuit.fire()
    hangs = false
    for (let n = 0; n < 10; n++) await circuit.fire().catch(() => {})
    expect(circuit.closed).toBe(true)
    circuit.shutdown()
  })

  it('counts refusals of its own capacity as failures, and opens on them', async () => {
    const circuit = opossum(() => new Promise<void>(() => {}), { capacity: 1 })
    void circuit.fire()
    for (let n = 0; n < 3; n++) await circuit.fire().catch(() => {})
    expect(circuit.opened).toBe(true)
    circuit.shutdown()
  })

  it('says nothing of the time that is left when it refuses', async () => {
    const circuit = opossum(failing)
    await circuit.fire().catch(() => {})
    const refusal: unknown = await circuit.fire().catch((error: unknown) => error)
    expect(Object.keys(refusal as object)).toEqual(['code'])
    circuit.shutdown()
  })

  it('takes a call for a success, however long it took', async () => {
    let answer = (): void => {}
    const circuit = opossum(() => new Promise<void>((resolve) => (answer = resolve)))
    const call = circuit.fire()
    vi.advanceTimersByTime(BREAK_MS * 1_000)
    answer()
    await call
    expect(circuit.stats).toMatchObject({ successes: 1, failures: 0 })
    circuit.shutdown()
  })

  it('breaks for the same time, however often it has opened', async () => {
    const circuit = opossum(failing, { resetTimeout: BREAK_MS })
    for (let opened = 0; opened < 5; opened++) {
      await circuit.fire().catch(() => {})
      expect(circuit.opened).toBe(true)
      vi.advanceTimersByTime(BREAK_MS)
      expect(circuit.halfOpen).toBe(true)
    }
    circuit.shutdown()
  })

  it('begins a break anew when it is restored, however much of it had passed', async () => {
    const before = opossum(failing, { resetTimeout: BREAK_MS })
    await before.fire().catch(() => {})
    vi.advanceTimersByTime(BREAK_MS - 1)
    const restored = opossum(failing, { resetTimeout: BREAK_MS, state: before.toJSON().state })
    before.shutdown()
    vi.advanceTimersByTime(BREAK_MS - 1)
    expect(restored.opened).toBe(true)
    restored.shutdown()
  })

  it('ends by itself what was opened by hand', () => {
    const circuit = opossum(failing, { resetTimeout: BREAK_MS })
    circuit.open()
    vi.advanceTimersByTime(BREAK_MS)
    expect(circuit.halfOpen).toBe(true)
    circuit.shutdown()
  })

  it('turns the window of each circuit by a timer of its own', () => {
    const circuits = [1, 2, 3].map(() => opossum(failing, { rollingPercentilesEnabled: false }))
    expect(vi.getTimerCount()).toBe(circuits.length)
    for (const circuit of circuits) circuit.shutdown()
    expect(vi.getTimerCount()).toBe(0)
  })
})

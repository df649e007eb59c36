import Opossum from 'opossum'
import { describe, expect, it } from 'vitest'

const failing = (): never => {
  throw new Error('down')
}

function opossum(action: () => Promise<unknown>, options: Opossum.Options & { state?: object } = {}) {
  return new Opossum(action, { timeout: false, enableSnapshots: false, ...options })
}

const halfOpen = { state: { closed: false, halfOpen: true } }

/** Why the states are ours and only the window is opossum's. A failure here says that a state could be left to it. */
describe('opossum', () => {
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
})

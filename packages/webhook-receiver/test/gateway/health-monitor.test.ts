import { IntegrationError } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHealthMonitor } from '../../src/gateway/health-monitor.ts'
import { type HealthOptions, resolveHealthOptions } from '../../src/gateway/health-options.ts'

/** A monitor that has believed a first probe; `probe` says what the next one finds, a second later, and how it changed the verdict. */
async function monitored(first: boolean, options: HealthOptions = {}) {
  const clock = fakeClock()
  const changes: string[] = []
  let answer = first
  const monitor = createHealthMonitor({
    health: resolveHealthOptions({ intervalMs: 1_000, ...options }),
    clock,
    probe: () => Promise.resolve(answer ? undefined : new IntegrationError({ code: 'connection_failed' })),
    onChange: (healthy, cause) => changes.push(`${healthy}: ${cause}`),
  })
  await monitor.start()
  changes.length = 0
  onTestFinished(() => monitor.stop())
  return {
    monitor,
    changes,
    async probe(success: boolean): Promise<boolean> {
      answer = success
      await clock.advance(1_000)
      return monitor.healthy
    },
  }
}

describe('a healthy target', () => {
  it('stays so when one probe of three fails, however often that happens', async () => {
    const { probe, changes } = await monitored(true)
    for (let round = 0; round < 5; round++)
      for (const success of [false, true, true]) expect(await probe(success)).toBe(true)
    expect(changes).toEqual([])
  })

  it('is unhealthy when two of the last three fail, also with a success between them', async () => {
    const { probe, changes } = await monitored(true)
    expect(await probe(false)).toBe(true)
    expect(await probe(true)).toBe(true)
    expect(await probe(false)).toBe(false)
    expect(changes).toEqual(['false: probes'])
  })

  it('is unhealthy at once when three of the last ten requests fail, and not before', async () => {
    const { monitor, changes } = await monitored(true)
    for (const success of [false, false, ...Array.from({ length: 8 }, () => true), false, true]) monitor.live(success)
    expect(monitor.healthy).toBe(true)
    monitor.live(false)
    expect(monitor.healthy).toBe(true)
    monitor.live(false)
    expect(monitor.healthy).toBe(false)
    expect(changes).toEqual(['false: live_failures'])
  })
})

describe('an unhealthy target', () => {
  it('is healthy again when two of the last three probes succeed, and not after one', async () => {
    const { probe, changes } = await monitored(false)
    expect(await probe(true)).toBe(false)
    expect(await probe(false)).toBe(false)
    expect(await probe(true)).toBe(true)
    expect(changes).toEqual(['true: probes'])
  })

  it('is not made healthy by requests', async () => {
    const { monitor } = await monitored(false)
    for (let request = 0; request < 20; request++) monitor.live(true)
    expect(monitor.healthy).toBe(false)
  })

  it('begins to count anew after the change', async () => {
    const { monitor, probe } = await monitored(true)
    for (let request = 0; request < 3; request++) monitor.live(false)
    expect([await probe(true), await probe(true)]).toEqual([false, true])
    monitor.live(false)
    monitor.live(false)
    expect(monitor.healthy).toBe(true)
  })
})

it('takes N and M as they are given', async () => {
  const { probe } = await monitored(true, { window: 5, failures: 4, successes: 3 })
  const seen: boolean[] = []
  for (const success of [false, false, false, true, false, true, true, true]) seen.push(await probe(success))
  expect(seen).toEqual([true, true, true, true, false, false, false, true])
})

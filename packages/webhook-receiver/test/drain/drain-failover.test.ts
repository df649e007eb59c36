import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import type { BackupOptions, DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, event } from './drain-fixture.ts'

/** A first and a second place, with what each of them took. */
function places() {
  const taken: { readonly by: 'primary' | 'backup'; readonly id: string }[] = []
  const state = { primary: true, backup: true }
  const place =
    (by: 'primary' | 'backup') =>
    ({ id }: { readonly id: string }): void => {
      if (!state[by]) throw new Error(`${by} is down`)
      taken.push({ by, id })
    }
  const options = (backup: BackupOptions = {}): DestinationOptions => ({
    handle: place('primary'),
    orderingKey: ({ key }) => key,
    concurrency: 1,
    maxAttempts: 20,
    baseDelayMs: 100,
    maxDelayMs: 100,
    ratePerSecond: 10,
    backup: { handle: place('backup'), failures: 3, probeEveryMs: 5000, successes: 2, ...backup },
  })
  return { taken, state, options, by: (name: string) => taken.filter(({ by }) => by === name).map(({ id }) => id) }
}

const many = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => event(`e${index}`, `k${index % 5}`))

describe('backup', () => {
  test('takes over after failures in a row, and gives back after probes in a row that succeeded', async () => {
    const { state, by, options } = places()
    const { drain, clock, heard, drained } = await drainFixture(options(), many(400))
    drain.start()
    await clock.advance(1000)
    expect(by('backup')).toEqual([])
    state.primary = false
    await clock.advance(2000)
    expect(heard.of('destination:failed-over')).toMatchObject([
      { destination: 'orders', error: { message: 'primary is down' } },
    ])
    expect(by('backup').length).toBeGreaterThan(10)
    // Probes fail, and cost no event anything.
    await clock.advance(12_000)
    expect(drain.snapshot().retried).toBe(3)
    expect(heard.of('destination:failed-back')).toEqual([])
    state.primary = true
    await clock.advance(11_000)
    expect(heard.of('destination:failed-back')).toEqual([{ destination: 'orders', cause: 'probes' }])
    const before = by('backup').length
    await drained()
    expect(by('backup')).toHaveLength(before)
    expect(drain.snapshot()).toMatchObject({ delivered: 400, deadLettered: 0 })
  })

  test('one probe that succeeds is not enough', async () => {
    const { state, options } = places()
    const { drain, clock, heard } = await drainFixture(options(), many(400))
    state.primary = false
    drain.start()
    await clock.advance(4000)
    state.primary = true
    await clock.advance(3000)
    state.primary = false
    await clock.advance(15_000)
    expect(heard.of('destination:failed-over')).toHaveLength(1)
    expect(heard.of('destination:failed-back')).toEqual([])
  })

  test('keeps the order of each key across both switches', async () => {
    const { state, taken, options } = places()
    const { drain, clock, drained } = await drainFixture({ ...options(), concurrency: 4 }, many(300))
    drain.start()
    await clock.advance(3000)
    state.primary = false
    await clock.advance(9000)
    state.primary = true
    await drained()
    const firsts = [...new Set(taken.map(({ id }) => id))]
    expect(firsts).toHaveLength(300)
    for (let key = 0; key < 5; key++) {
      const numbers = firsts.map((id) => Number(id.slice(1))).filter((number) => number % 5 === key)
      expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
    }
  })

  test('is left again when it fails as well', async () => {
    const { state, options } = places()
    const { drain, clock, heard } = await drainFixture(options(), many(50))
    state.primary = false
    state.backup = false
    drain.start()
    await clock.advance(1000)
    expect(heard.of('destination:failed-over').length).toBeGreaterThan(0)
    expect(heard.of('destination:failed-back')[0]).toEqual({ destination: 'orders', cause: 'backup_failed' })
    state.primary = true
    await clock.advance(10_000)
    expect(drain.snapshot()).toMatchObject({ delivered: 50 })
  })

  test('is not used for an event that the first place refuses', async () => {
    const backed: string[] = []
    const { drain, drained, heard, deadLetters } = await drainFixture(
      {
        url: 'https://crm.test/',
        fetch: async () => new Response(null, { status: 422 }),
        backup: { handle: ({ id }) => void backed.push(id), failures: 1 },
      },
      many(10),
    )
    drain.start()
    await drained()
    expect(backed).toEqual([])
    expect(heard.of('destination:failed-over')).toEqual([])
    expect(await deadLetters()).toHaveLength(10)
  })

  test('takes over when the breaker opens, which then lets it be tried', async () => {
    const { state, by, options } = places()
    state.primary = false
    const { drain, drained, heard } = await drainFixture(
      { ...options({ failures: 100 }), breaker: { failures: 2, breakMs: 1000 } },
      many(20),
    )
    drain.start()
    await drained()
    expect(heard.of('destination:failed-over')).toHaveLength(1)
    expect(by('backup')).toHaveLength(20)
  })

  test('takes over from a handler that hangs', async () => {
    const backed: string[] = []
    const { drain, drained, heard } = await drainFixture(
      {
        handle: () => new Promise(() => {}),
        timeoutMs: 1000,
        backup: { handle: ({ id }) => void backed.push(id), failures: 2 },
      },
      many(5),
    )
    drain.start()
    await drained()
    expect(heard.of('destination:failed-over')).toMatchObject([{ error: { code: 'timeout' } }])
    expect(backed).toHaveLength(5)
  })

  test('is not used because the drain stops', async () => {
    const { drain, quiet, heard, clock } = await drainFixture(
      { handle: (_event, { signal }) => clock.sleep(60_000, signal), backup: { handle: () => {}, failures: 1 } },
      many(1),
    )
    drain.start()
    await quiet()
    await drain.stop({ timeoutMs: 0 })
    await quiet()
    expect(heard.of('destination:failed-over')).toEqual([])
  })

  test('refuses an answer of the first place during a probe as it is', async () => {
    const backed: string[] = []
    let answer = new IntegrationError({ code: 'upstream_unavailable' })
    const { drain, clock, heard } = await drainFixture(
      {
        handle: () => {
          throw answer
        },
        maxAttempts: 3,
        baseDelayMs: 10,
        backup: { handle: ({ id }) => void backed.push(id), failures: 1, probeEveryMs: 1000, successes: 1 },
        ratePerSecond: 1,
      },
      many(4),
    )
    drain.start()
    await clock.advance(500)
    answer = new IntegrationError({ code: 'invalid_request' })
    await clock.advance(2000)
    expect(heard.of('destination:failed-back')).toEqual([{ destination: 'orders', cause: 'probes' }])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NewEvent, ParkedEvent } from '../../src/buffer/event-buffer.ts'
import { laneName } from '../../src/drain/lanes.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { type DrainFixture, drainFixture, event } from './drain-fixture.ts'

const limits = { records: 8, span: 16, bytes: 1_000_000 }
const byKey: Pick<DestinationOptions, 'orderingKey' | 'maxAttempts' | 'baseDelayMs' | 'maxDelayMs'> = {
  orderingKey: ({ key }: WebhookEvent) => key,
  maxAttempts: Infinity,
  baseDelayMs: 1000,
  maxDelayMs: 1000,
}

/** What a cursor says of an event: that it is done, nothing, or that it is beside the log. */
type Standing = 'done' | 'log' | 'parked'

/** A drain that is started on a buffer as a power cut may leave it, which took acks of one file and not those of another. */
async function afterPowerCut(
  options: DestinationOptions,
  stored: readonly { readonly event: NewEvent; readonly standing: Standing; readonly blocked?: boolean }[],
): Promise<DrainFixture> {
  const fixture = await drainFixture(
    options,
    stored.map((each) => each.event),
    { limits },
  )
  const { consumer } = fixture
  const [lease] = await consumer.acquire({ owner: 'before', leaseMs: 1000 })
  if (lease === undefined) throw new Error('there is no lease')
  const entries = await consumer.read(lease, null, { limit: 1000, maxBytes: 1_000_000, waitMs: 0 })
  const done: string[] = []
  const parked: ParkedEvent[] = []
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'event') throw new Error('nothing is lost')
    const { standing, blocked } = stored[index] ?? {}
    const { event: read } = entry
    if (standing === 'done') done.push(read.position)
    if (standing !== 'parked') continue
    const why = blocked ? { blocked: { attempts: 1, at: 0, message: 'no' } } : {}
    const lane = laneName(read.key, read.position)
    parked.push({ event: read, lane, redrives: 0, attempts: 0, nextAt: 0, ...why })
  }
  await consumer.commit(lease, { done })
  await consumer.park(lease, parked)
  await consumer.release(lease)
  fixture.drain.start()
  return fixture
}

/** Thirty events of other keys, so that the window does not reach from one event of the key to the next. */
const between = (name: string): { event: NewEvent; standing: Standing }[] =>
  Array.from({ length: 30 }, (_, index) => ({
    event: event(`${name}-${index}`, `other-${index % 5}`),
    standing: 'log' as const,
  }))

const standing = (id: string, where: Standing) => ({ event: event(id, 'key'), standing: where })

describe('an event whose ack was lost, while later ones of its key are parked', () => {
  test('is delivered before them', async () => {
    const delivered: string[] = []
    const { drained } = await afterPowerCut(
      { ...byKey, handle: ({ id, key }) => void (key === 'key' && delivered.push(id)) },
      [standing('k0', 'log'), ...between('a'), standing('k1', 'parked'), ...between('b'), standing('k2', 'log')],
    )
    await drained()
    expect(delivered).toEqual(['k0', 'k1', 'k2'])
  })

  test('is delivered between them when its place is there', async () => {
    const delivered: string[] = []
    const { drained } = await afterPowerCut(
      { ...byKey, handle: ({ id, key }) => void (key === 'key' && delivered.push(id)) },
      [standing('k0', 'parked'), ...between('a'), standing('k1', 'log'), ...between('b'), standing('k2', 'parked')],
    )
    await drained()
    expect(delivered).toEqual(['k0', 'k1', 'k2'])
  })

  test('is parked in front of them when it fails and others need the window', async () => {
    const attempts: string[] = []
    let isBroken = true
    const { drained, quiet, drain } = await afterPowerCut(
      {
        ...byKey,
        handle: ({ id, key }) => {
          if (key !== 'key') return
          attempts.push(id)
          if (isBroken && id === 'k0') throw new Error('not now')
        },
      },
      [standing('k0', 'log'), ...between('a'), standing('k1', 'parked'), ...between('b')],
    )
    await quiet()
    expect(drain.snapshot()).toMatchObject({ parked: 2, delivered: 60 })
    isBroken = false
    await drained()
    expect(attempts).toEqual(['k0', 'k0', 'k1'])
  })

  test('blocks its key in front of them', async () => {
    const attempts: string[] = []
    let isBroken = true
    const { drained, drain } = await afterPowerCut(
      {
        ...byKey,
        maxAttempts: 1,
        onExhausted: 'blockKey',
        handle: ({ id, key }) => {
          if (key !== 'key') return
          attempts.push(id)
          if (isBroken && id === 'k0') throw new Error('no')
        },
      },
      [standing('k0', 'log'), ...between('a'), standing('k1', 'parked')],
    )
    await drained()
    expect(attempts).toEqual(['k0'])
    expect(drain.snapshot()).toMatchObject({ parked: 2, blockedKeys: 1 })
    isBroken = false
    expect(await drain.resumeKey('key')).toBe(true)
    await drained()
    expect(attempts).toEqual(['k0', 'k0', 'k1'])
  })

  test('is delivered though they are blocked, and they stay so', async () => {
    const delivered: string[] = []
    const { drained, drain } = await afterPowerCut(
      { ...byKey, onExhausted: 'blockKey', handle: ({ id, key }) => void (key === 'key' && delivered.push(id)) },
      [standing('k0', 'log'), ...between('a'), { ...standing('k1', 'parked'), blocked: true }],
    )
    await drained()
    expect(delivered).toEqual(['k0'])
    expect(drain.snapshot()).toMatchObject({ parked: 1, blockedKeys: 1 })
  })

  test('takes them with it among the dead letters where the policy says so', async () => {
    const attempts: string[] = []
    const { drained, deadLetters } = await afterPowerCut(
      {
        ...byKey,
        maxAttempts: 1,
        onExhausted: 'deadLetterKey',
        handle: ({ id, key }) => {
          if (key !== 'key') return
          attempts.push(id)
          throw new Error('no')
        },
      },
      [standing('k0', 'log'), ...between('a'), standing('k1', 'parked'), ...between('b'), standing('k2', 'log')],
    )
    await drained()
    expect(attempts).toEqual(['k0'])
    const letters = await deadLetters()
    expect(letters.map(({ event: { id } }) => id).toSorted()).toEqual(['k0', 'k1', 'k2'])
  })

  test('keeps its place whatever else is done, in the log or parked, and however often it fails', async () => {
    const standings = fc.array(
      fc.record({
        key: fc.integer({ min: 0, max: 3 }),
        standing: fc.constantFrom<Standing>('done', 'log', 'parked'),
        failures: fc.constantFrom<number>(0, 0, 0, 1, 3),
      }),
      { minLength: 1, maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(standings, fc.integer({ min: 1, max: 8 }), async (plan, concurrency) => {
        const failures = new Map(plan.map(({ failures: times }, index) => [`e${index}`, times]))
        const delivered: string[] = []
        const attempted: string[] = []
        const { drained } = await afterPowerCut(
          {
            ...byKey,
            concurrency,
            handle: async ({ id }) => {
              attempted.push(id)
              await Promise.resolve()
              const left = failures.get(id) ?? 0
              failures.set(id, left - 1)
              if (left > 0) throw new Error('not now')
              delivered.push(id)
            },
          },
          plan.map(({ key, standing: where }, index) => ({ event: event(`e${index}`, `k${key}`), standing: where })),
        )
        await drained()
        for (let key = 0; key <= 3; key++) {
          const expected = plan.flatMap((each, index) =>
            each.key === key && each.standing !== 'done' ? [`e${index}`] : [],
          )
          const ofKey = (ids: readonly string[]): string[] => ids.filter((id) => plan[Number(id.slice(1))]?.key === key)
          expect(ofKey(delivered)).toEqual(expected)
          const firstTries = [...new Set(ofKey(attempted))]
          expect(firstTries).toEqual(expected)
        }
      }),
      { numRuns: 200 },
    )
  })
})

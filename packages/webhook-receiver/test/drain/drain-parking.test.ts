import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { breakable, failures } from './breakable-consumer.ts'
import { type DrainFixture, drainFixture, event, manualHandler } from './drain-fixture.ts'

const byKey = ({ key }: WebhookEvent): string | undefined => key
const limits = { records: 8, span: 16, bytes: 1_000_000 }

/** Events `bad-0…` of one key among those of others. */
function mixed(count: number, every: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) =>
    index % every === 0 ? event(`bad-${index / every}`, 'bad') : event(`e${index}`, `k${index % 7}`),
  )
}

/** A handler that refuses events of the key `bad` while it is broken. */
function breakableHandler(): { isBroken: boolean; readonly delivered: string[]; readonly options: DestinationOptions } {
  const delivered: string[] = []
  const handler = {
    isBroken: true,
    delivered,
    options: {
      handle: ({ id, key }: WebhookEvent) => {
        if (key === 'bad' && handler.isBroken) throw new Error(`no ${id}`)
        delivered.push(id)
      },
      orderingKey: byKey,
      maxAttempts: Infinity,
      baseDelayMs: 1000,
      maxDelayMs: 1000,
    },
  }
  return handler
}

const bad = (ids: readonly string[]): string[] => ids.filter((id) => id.startsWith('bad'))

const placesOf = async ({ deadLetters }: DrainFixture) =>
  (await deadLetters()).map(({ event: { partition, position } }) => ({ partition, position }))

describe('a key that waits for its repeat', () => {
  test('is put beside the log, so that all other keys get on', async () => {
    const handler = breakableHandler()
    const { drain, quiet, heard, clock } = await drainFixture(handler.options, mixed(200, 5), { limits })
    drain.start()
    await quiet()
    expect(handler.delivered).toHaveLength(160)
    expect(drain.snapshot().parked).toBeGreaterThan(20)
    expect(heard.of('key:parked')).toEqual([{ destination: 'orders', key: 'bad' }])
    handler.isBroken = false
    await clock.advance(1000)
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 40 }, (_, index) => `bad-${index}`))
    expect(heard.of('key:recovered')).toEqual([{ destination: 'orders', key: 'bad' }])
    expect(drain.snapshot()).toMatchObject({ state: 'idle', parked: 0, inWindow: 0, delivered: 200 })
  })

  test('goes on where it was after a restart, with its attempts and its wait', async () => {
    const handler = breakableHandler()
    const first = await drainFixture(handler.options, mixed(100, 5), { limits })
    first.drain.start()
    await first.quiet()
    await first.clock.advance(800)
    await first.drain.stop({ timeoutMs: 0 })
    const attempts: number[] = []
    const second = await first.again({
      ...handler.options,
      handle: ({ id }, { attempt }) => {
        handler.delivered.push(id)
        attempts.push(attempt)
      },
    })
    second.drain.start()
    await second.clock.advance(600)
    expect(attempts).toEqual([])
    await second.clock.advance(200)
    expect(attempts).toEqual([3, ...Array.from({ length: 19 }, () => 1)])
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 20 }, (_, index) => `bad-${index}`))
  })

  test('takes no more memory than the window has, however much of it is parked', async () => {
    const handler = breakableHandler()
    let read = 0
    const { drain, quiet, drained } = await drainFixture(handler.options, mixed(300, 2), {
      limits,
      wrap: (consumer) => ({
        ...consumer,
        readParked: async (...args) => {
          const entries = await consumer.readParked(...args)
          read = Math.max(read, entries.length)
          return entries
        },
      }),
    })
    drain.start()
    await quiet()
    expect(drain.snapshot().parked).toBeGreaterThan(100)
    expect(drain.snapshot().inWindow).toBeLessThanOrEqual(limits.records)
    handler.isBroken = false
    await drained()
    expect(read).toBeGreaterThan(1)
    expect(read).toBeLessThanOrEqual(32)
  })

  test('stays in the log without an ordering key: everything waits for it anyway', async () => {
    const { drain, clock, heard } = await drainFixture(
      { handle: () => Promise.reject(new Error('down')), maxAttempts: Infinity },
      mixed(50, 5),
      { limits },
    )
    drain.start()
    await clock.advance(5000)
    expect(heard.of('key:parked')).toEqual([])
    expect(drain.snapshot().parked).toBe(0)
  })

  test('stays in the log when nothing gets on: it is the destination that is in trouble then', async () => {
    const stored = Array.from({ length: 200 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, clock } = await drainFixture(
      { handle: () => Promise.reject(new Error('down')), orderingKey: byKey, maxAttempts: Infinity },
      stored,
      { limits },
    )
    drain.start()
    await clock.advance(60_000)
    expect(drain.snapshot().parked).toBeLessThanOrEqual(limits.records)
  })

  test('starves nobody, however long the run of its events is', async () => {
    const handler = breakableHandler()
    const stored = [...Array.from({ length: 100 }, (_, index) => event(`bad-${index}`, 'bad')), event('good', 'good')]
    const { drain, clock } = await drainFixture(handler.options, stored, { limits })
    drain.start()
    await clock.advance(60_000)
    expect(handler.delivered).toEqual(['good'])
  })

  test('may be an event that is not ordered', async () => {
    const delivered: string[] = []
    let isBroken = true
    const { drain, quiet, clock } = await drainFixture(
      {
        handle: ({ id }) => {
          if (isBroken && id.startsWith('bad')) throw new Error('no')
          delivered.push(id)
        },
        orderingKey: () => undefined,
        maxAttempts: Infinity,
        baseDelayMs: 1000,
        maxDelayMs: 1000,
      },
      mixed(100, 5),
      { limits },
    )
    drain.start()
    await quiet()
    expect(delivered).toHaveLength(80)
    isBroken = false
    await clock.advance(2000)
    expect(delivered).toHaveLength(100)
    expect(drain.snapshot()).toMatchObject({ state: 'idle', parked: 0 })
  })

  test('lets acks be written and others go on while it cannot be parked', async () => {
    const { broken, wrap } = breakable()
    broken.add('park')
    const handler = breakableHandler()
    const fixture = await drainFixture(handler.options, mixed(100, 5), { limits, wrap })
    fixture.drain.start()
    await fixture.quiet()
    expect(failures(fixture)).toEqual(['park failed'])
    expect(handler.delivered.length).toBeGreaterThan(5)
    broken.delete('park')
    await fixture.clock.advance(1000)
    expect(handler.delivered).toHaveLength(80)
    handler.isBroken = false
    await fixture.drained()
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 20 }, (_, index) => `bad-${index}`))
  })

  test('is read again when what is parked cannot be read', async () => {
    const { broken, wrap } = breakable()
    const handler = breakableHandler()
    const fixture = await drainFixture(handler.options, mixed(100, 5), { limits, wrap })
    fixture.drain.start()
    await fixture.quiet()
    handler.isBroken = false
    broken.add('readParked')
    await fixture.clock.advance(2000)
    expect(failures(fixture)).toContain('readParked failed')
    expect(bad(handler.delivered)).toEqual([])
    broken.delete('readParked')
    await fixture.drained()
    expect(bad(handler.delivered)).toHaveLength(20)
  })

  test('makes the others wait only when no more may be parked, and says so', async () => {
    const handler = breakableHandler()
    const fixture = await drainFixture({ ...handler.options, maxParkedEvents: 10 }, mixed(200, 2), { limits })
    fixture.drain.start()
    await fixture.quiet()
    expect(fixture.drain.snapshot().parked).toBe(10)
    expect(fixture.heard.of('drain:parking-full')).toMatchObject([{ destination: 'orders', events: 10 }])
    expect(handler.delivered.length).toBeLessThan(100)
    handler.isBroken = false
    await fixture.drained()
    expect(handler.delivered).toHaveLength(200)
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 100 }, (_, index) => `bad-${index}`))
  })
})

describe("onExhausted: 'blockKey'", () => {
  const blocking = (handler: ReturnType<typeof breakableHandler>): DestinationOptions => ({
    ...handler.options,
    maxAttempts: 2,
    onExhausted: 'blockKey',
  })

  test('holds the key, and nothing else, until it is resumed', async () => {
    const handler = breakableHandler()
    const { drain, drained, heard, deadLetters, quiet, clock } = await drainFixture(blocking(handler), mixed(60, 5), {
      limits,
    })
    drain.start()
    await drained()
    expect(handler.delivered).toHaveLength(48)
    expect(await deadLetters()).toEqual([])
    expect(heard.of('key:blocked')).toMatchObject([{ id: 'bad-0', key: 'bad', attempt: 2, destination: 'orders' }])
    expect(drain.snapshot()).toMatchObject({ state: 'idle', blockedKeys: 1, parked: 12, inWindow: 0 })
    await clock.advance(100_000)
    expect(bad(handler.delivered)).toEqual([])
    handler.isBroken = false
    expect(await drain.resumeKey('another')).toBe(false)
    expect(await drain.resumeKey('bad')).toBe(true)
    await quiet()
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 12 }, (_, index) => `bad-${index}`))
    expect(drain.snapshot()).toMatchObject({ state: 'idle', blockedKeys: 0, parked: 0 })
  })

  test('still holds it after a restart, and blocks it again when it fails again', async () => {
    const handler = breakableHandler()
    const first = await drainFixture(blocking(handler), mixed(10, 5))
    first.drain.start()
    await first.drained()
    await first.drain.stop({ timeoutMs: 0 })
    const second = await first.again(blocking(handler))
    second.drain.start()
    await second.drained()
    expect(second.drain.snapshot()).toMatchObject({ blockedKeys: 1, parked: 2 })
    expect(await second.drain.resumeKey('bad')).toBe(true)
    await second.drained()
    expect(second.heard.of('delivery:retried')).toMatchObject([{ id: 'bad-0', attempt: 1 }])
    expect(second.heard.of('key:blocked')).toMatchObject([{ id: 'bad-0', attempt: 2 }])
    expect(second.drain.snapshot()).toMatchObject({ blockedKeys: 1, parked: 2 })
  })

  test('holds the whole partition where there is no ordering key, and leaves what is later in the log', async () => {
    let isBroken = true
    const delivered: string[] = []
    const { drain, drained, quiet } = await drainFixture(
      {
        handle: ({ id }) => {
          if (isBroken && id === 'bad-0') throw new Error('no')
          delivered.push(id)
        },
        maxAttempts: 1,
        onExhausted: 'blockKey',
      },
      mixed(50, 5),
      { limits },
    )
    drain.start()
    await drained()
    expect(delivered).toEqual([])
    expect(drain.snapshot()).toMatchObject({ state: 'idle', blockedKeys: 1, parked: 1 })
    isBroken = false
    expect(await drain.resumeKey('')).toBe(true)
    await quiet()
    expect(delivered).toEqual(mixed(50, 5).map(({ id }) => id))
  })

  test('is written by a drain that stops meanwhile', async () => {
    const handler = manualHandler()
    const options: DestinationOptions = {
      handle: handler.handle,
      orderingKey: byKey,
      maxAttempts: 1,
      onExhausted: 'blockKey',
    }
    const first = await drainFixture(options, [event('a', 'a')])
    first.drain.start()
    await first.quiet()
    const stopped = first.drain.stop({ timeoutMs: 1000 })
    handler.fail('a')
    await stopped
    const second = await first.again(options)
    second.drain.start()
    await second.quiet()
    expect(handler.started).toEqual(['a'])
    expect(second.drain.snapshot()).toMatchObject({ blockedKeys: 1 })
  })
})

describe("onExhausted: 'deadLetterKey'", () => {
  const condemning = (handler: ReturnType<typeof breakableHandler>): DestinationOptions => ({
    ...handler.options,
    maxAttempts: 2,
    onExhausted: 'deadLetterKey',
  })

  test('makes later events of the key dead letters too, without trying them', async () => {
    const handler = breakableHandler()
    const tried: string[] = []
    const { drain, drained, deadLetters, buffer } = await drainFixture(
      {
        ...condemning(handler),
        handle: (next, context) => {
          tried.push(next.id)
          return handler.options.handle?.(next, context)
        },
      },
      mixed(60, 5),
      { limits },
    )
    drain.start()
    await drained()
    expect(handler.delivered).toHaveLength(48)
    expect(bad(tried)).toEqual(['bad-0', 'bad-0'])
    handler.isBroken = false
    await buffer.append([event('bad-later', 'bad'), event('good', 'good')])
    await drained()
    expect(bad(tried)).toEqual(['bad-0', 'bad-0'])
    const letters = await deadLetters()
    expect(letters.map((letter) => letter.event.id)).toEqual([
      ...Array.from({ length: 12 }, (_, index) => `bad-${index}`),
      'bad-later',
    ])
    expect(letters[0]?.why).toMatchObject({ attempts: 2, message: 'no bad-0' })
    expect(letters[1]?.why).toMatchObject({
      attempts: 0,
      message: 'An earlier event of its key is among the dead letters.',
    })
  })

  test('goes on in order when its dead letters are redriven, also after a restart', async () => {
    const handler = breakableHandler()
    const first = await drainFixture(condemning(handler), mixed(60, 5), { limits })
    first.drain.start()
    await first.drained()
    await first.drain.stop({ timeoutMs: 0 })
    const second = await first.again(condemning(handler))
    second.drain.start()
    await second.quiet()
    await second.buffer.append([event('bad-12', 'bad')])
    await second.drained()
    expect(await second.deadLetters()).toHaveLength(13)
    handler.isBroken = false
    await second.consumer.redrive(await placesOf(second))
    await second.drain.lookAside()
    await second.buffer.append([event('bad-13', 'bad')])
    await second.drained()
    expect(bad(handler.delivered)).toEqual(Array.from({ length: 14 }, (_, index) => `bad-${index}`))
    expect(await second.deadLetters()).toEqual([])
  })

  test('gives the rest up again when a redriven event fails again', async () => {
    const handler = breakableHandler()
    const fixture = await drainFixture(condemning(handler), mixed(400, 5), { limits })
    fixture.drain.start()
    await fixture.drained()
    await fixture.consumer.redrive(await placesOf(fixture))
    await fixture.drain.lookAside()
    await fixture.drained()
    expect(bad(handler.delivered)).toEqual([])
    const letters = await fixture.deadLetters()
    expect(letters).toHaveLength(80)
    expect(letters.every(({ redrives }) => redrives === 1)).toBe(true)
  })
})

describe('redriven events', () => {
  test('wait until what is at work of their key has ended', async () => {
    const handler = manualHandler()
    const fixture = await drainFixture({ handle: handler.handle, orderingKey: byKey, maxAttempts: 1 }, [
      event('a1', 'a'),
      event('a2', 'a'),
      event('a3', 'a'),
    ])
    fixture.drain.start()
    await fixture.quiet()
    handler.fail('a1')
    await fixture.quiet()
    expect(handler.running).toEqual(['a2'])
    await fixture.consumer.redrive(await placesOf(fixture))
    await fixture.drain.lookAside()
    await fixture.quiet()
    expect(handler.running).toEqual(['a2'])
    handler.succeed('a2')
    await fixture.quiet()
    expect(handler.running).toEqual(['a1'])
    handler.succeed('a1')
    await fixture.quiet()
    expect(handler.running).toEqual(['a3'])
  })

  test('are found by a drain that starts later', async () => {
    const handler = breakableHandler()
    const first = await drainFixture({ ...handler.options, maxAttempts: 1 }, mixed(5, 5))
    first.drain.start()
    await first.drained()
    await first.drain.stop({ timeoutMs: 0 })
    await first.consumer.redrive(await placesOf(first))
    handler.isBroken = false
    const second = await first.again(handler.options)
    second.drain.start()
    await second.drained()
    expect(bad(handler.delivered)).toEqual(['bad-0'])
  })
})

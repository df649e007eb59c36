import { describe, expect, test } from 'vitest'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { drainFixture, event } from './drain-fixture.ts'

const byKey = ({ key }: WebhookEvent): string | undefined => key

describe('retries', () => {
  test('repeats a failed event in place, with growing waits, before the next of its key', async () => {
    const calls: [id: string, attempt: number, atMs: number][] = []
    const { drain, clock, drained, heard } = await drainFixture(
      {
        handle: ({ id }, { attempt }) => {
          calls.push([id, attempt, clock.monotonicMs()])
          if (id === 'a1' && attempt < 4) throw new Error(`no ${attempt}`)
        },
        baseDelayMs: 400,
        maxDelayMs: 1000,
      },
      [event('a1'), event('a2')],
    )
    drain.start()
    await drained()
    // Bounds 400, 800 and 1,000, of which the fake randomness takes three quarters.
    expect(calls).toEqual([
      ['a1', 1, 0],
      ['a1', 2, 300],
      ['a1', 3, 900],
      ['a1', 4, 1650],
      ['a2', 1, 1650],
    ])
    expect(heard.of('delivery:retried').map(({ attempt, delayMs }) => [attempt, delayMs])).toEqual([
      [1, 300],
      [2, 600],
      [3, 750],
    ])
    expect(heard.of('delivery:succeeded').map(({ id, attempt }) => [id, attempt])).toEqual([
      ['a1', 4],
      ['a2', 1],
    ])
  })

  test('lets other keys go on while one waits', async () => {
    const delivered: string[] = []
    const { drain, quiet, clock } = await drainFixture(
      {
        handle: ({ id }, { attempt }) => {
          if (id === 'bad' && attempt === 1) throw new Error('no')
          delivered.push(id)
        },
        orderingKey: byKey,
        concurrency: 1,
      },
      [event('bad', 'a'), event('a2', 'a'), event('b1', 'b'), event('b2', 'b'), event('c1', 'c')],
    )
    drain.start()
    await quiet()
    expect(delivered).toEqual(['b1', 'c1', 'b2'])
    await clock.advance(500)
    expect(delivered).toEqual(['b1', 'c1', 'b2', 'bad', 'a2'])
  })

  test('makes an event a dead letter after maxAttempts and goes on with its key', async () => {
    const delivered: string[] = []
    const { drain, drained, deadLetters, heard, clock } = await drainFixture(
      {
        handle: ({ id }) => {
          if (id === 'bad') throw Object.assign(new Error('the CRM is gone'), { code: 'upstream_error' })
          delivered.push(id)
        },
        maxAttempts: 3,
      },
      [event('bad'), event('good')],
    )
    drain.start()
    await drained()
    expect(delivered).toEqual(['good'])
    expect(await deadLetters()).toMatchObject([
      {
        event: { id: 'bad', source: 'shop' },
        why: { attempts: 3, at: clock.now(), code: 'upstream_error', message: 'the CRM is gone' },
      },
    ])
    expect(heard.of('delivery:dead-lettered')).toMatchObject([{ id: 'bad', attempt: 3, destination: 'orders' }])
    expect(drain.snapshot()).toMatchObject({ delivered: 1, retried: 2, deadLettered: 1 })
  })

  test('never gives up with maxAttempts Infinity', async () => {
    let attempts = 0
    const { drain, clock } = await drainFixture(
      {
        handle: () => {
          attempts += 1
          throw new Error('no')
        },
        maxAttempts: Infinity,
        baseDelayMs: 1,
        maxDelayMs: 1000,
      },
      [event('bad')],
    )
    drain.start()
    await clock.advance(200_000)
    expect(attempts).toBeGreaterThan(200)
    expect(drain.snapshot().deadLettered).toBe(0)
  })

  test('gives up at the first failure with maxAttempts 1', async () => {
    const { drain, drained, deadLetters } = await drainFixture(
      { handle: () => Promise.reject(new Error('no')), maxAttempts: 1 },
      [event('bad')],
    )
    drain.start()
    await drained()
    expect(await deadLetters()).toHaveLength(1)
    expect(drain.snapshot().retried).toBe(0)
  })

  test('waits at least as long as the error asks, within maxDelayMs', async () => {
    const { drain, drained, heard } = await drainFixture(
      {
        handle: (_event, { attempt }) => {
          if (attempt <= 2) throw Object.assign(new Error('slow down'), { retryAfterMs: attempt === 1 ? 7000 : 99_000 })
        },
        maxDelayMs: 10_000,
      },
      [event('a')],
    )
    drain.start()
    await drained()
    expect(heard.of('delivery:retried').map(({ delayMs }) => delayMs)).toEqual([7000, 10_000])
  })

  test('counts attempts on across a restart and keeps the wait', async () => {
    const attempts: number[] = []
    const handle = (_event: WebhookEvent, { attempt }: { readonly attempt: number }): void => {
      attempts.push(attempt)
      throw new Error('no')
    }
    const first = await drainFixture({ handle, maxAttempts: 4, baseDelayMs: 10_000 }, [event('bad')])
    first.drain.start()
    await first.clock.advance(8000)
    expect(attempts).toEqual([1, 2])
    await first.drain.stop({ timeoutMs: 0 })
    const second = await first.again({ handle, maxAttempts: 4, baseDelayMs: 10_000 })
    second.drain.start()
    await second.clock.advance(14_000)
    expect(attempts).toEqual([1, 2])
    await second.drained()
    expect(attempts).toEqual([1, 2, 3, 4])
    expect(await second.deadLetters()).toMatchObject([{ why: { attempts: 4 } }])
  })

  test('does not wait longer than maxDelayMs after a restart, wherever the wall clock went', async () => {
    let attempts = 0
    const first = await drainFixture({ handle: () => {} }, [event('bad')], {
      wrap: (consumer) => ({
        ...consumer,
        load: async (lease) => ({
          ...(await consumer.load(lease)),
          retry: [{ position: '0000000000000001', attempts: 5, nextAt: Number.MAX_SAFE_INTEGER }],
        }),
      }),
    })
    const { drain, clock } = await first.again({
      handle: (_event, { attempt }) => {
        attempts = attempt
      },
      maxDelayMs: 5000,
    })
    drain.start()
    await clock.advance(4999)
    expect(attempts).toBe(0)
    await clock.advance(1)
    expect(attempts).toBe(6)
  })

  test('takes whatever is thrown', async () => {
    const thrown = [undefined, null, 'text', 42, {}, Object.create(null)]
    const { drain, drained, deadLetters } = await drainFixture(
      {
        handle: ({ id }) => {
          throw thrown[Number(id)]
        },
        maxAttempts: 1,
        orderingKey: byKey,
      },
      thrown.map((_, index) => event(String(index))),
    )
    drain.start()
    await drained()
    const letters = await deadLetters()
    expect(letters).toHaveLength(thrown.length)
    for (const { why } of letters) expect(why.message).not.toBe('')
  })

  test('keeps one failing destination away from another', async () => {
    const bad = await drainFixture({ handle: () => Promise.reject(new Error('down')), maxAttempts: Infinity }, [
      event('a'),
      event('b'),
    ])
    const good = await drainFixture({ handle: () => {} }, [], { clock: bad.clock, buffer: bad.buffer, name: 'crm' })
    bad.drain.start()
    good.drain.start()
    await good.quiet()
    expect(good.drain.snapshot()).toMatchObject({ state: 'idle', delivered: 2 })
    expect(bad.drain.snapshot()).toMatchObject({ state: 'draining', delivered: 0, inWindow: 2 })
  })
})

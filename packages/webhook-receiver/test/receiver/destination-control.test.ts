import { type FakeClock, fakeClock, recordEvents } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { ReceiverEventMap } from '../../src/events/receiver-event-map.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import type { Receiver } from '../../src/receiver/receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

interface Fixture {
  readonly clock: FakeClock
  readonly buffer: EventBuffer
  readonly receiver: Receiver
  /** What each destination took. */
  readonly crm: string[]
  readonly log: string[]
  readonly state: { isBroken: boolean }
  readonly append: (...ids: readonly string[]) => Promise<void>
  readonly quiet: () => Promise<void>
}

/** A receiver with the destinations `crm`, which can be broken, and `log`. An event's key is its first letter. */
async function running(options: DestinationOptions = {}): Promise<Fixture> {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const [crm, log]: [string[], string[]] = [[], []]
  const state = { isBroken: false }
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: {
      crm: {
        handle: ({ id }) => {
          if (state.isBroken) throw new Error('broken')
          crm.push(id)
        },
        orderingKey: ({ key }) => key,
        maxAttempts: 2,
        ...options,
      },
      log: { handle: ({ id }) => void log.push(id) },
    },
  })
  await receiver.start()
  return {
    clock,
    buffer,
    receiver,
    crm,
    log,
    state,
    append: async (...ids) => {
      await buffer.append(
        ids.map((id) => event(id, id.slice(0, 1), { receivedAt: clock.now(), type: `${id.slice(0, 1)}.made` })),
      )
    },
    quiet: async () => {
      for (let turn = 0; turn < 10; turn++) await clock.flush()
    },
  }
}

const listed = async (fixture: Fixture, query = {}): Promise<string[]> => {
  const ids: string[] = []
  for await (const letter of fixture.receiver.destination('crm').deadLetters.list(query)) ids.push(letter.event.id)
  return ids
}

/** With the dead letters a1, b1, a2 and c1. */
async function withDeadLetters(options: DestinationOptions = {}): Promise<Fixture> {
  const fixture = await running(options)
  fixture.state.isBroken = true
  await fixture.append('a1', 'b1', 'a2', 'c1')
  await fixture.clock.advance(10_000)
  fixture.state.isBroken = false
  return fixture
}

describe('pause and resume', () => {
  test('holds one destination, and none of the others', async () => {
    const fixture = await running()
    const { receiver, crm, log, append, quiet } = fixture
    const heard = recordEvents<ReceiverEventMap>(receiver, ['destination:paused', 'destination:resumed'])
    const control = receiver.destination('crm')
    control.pause()
    control.pause()
    await append('a1', 'b1')
    await quiet()
    expect([crm, log]).toEqual([[], ['a1', 'b1']])
    expect(await control.status()).toMatchObject({ mode: 'paused', backlog: 2, delivered: 0, state: 'draining' })
    control.resume()
    await quiet()
    expect(crm).toEqual(['a1', 'b1'])
    expect(await control.status()).toMatchObject({ mode: 'active', backlog: 0, delivered: 2, state: 'idle' })
    expect(heard.of('destination:paused')).toEqual([{ destination: 'crm', cause: 'request' }])
    expect(heard.of('destination:resumed')).toEqual([{ destination: 'crm', cause: 'request' }])
    await receiver.stop()
  })

  test('holds also before the receiver starts', async () => {
    const clock = fakeClock()
    const taken: string[] = []
    const buffer = memoryBuffer({ clock })
    const receiver = createReceiver({
      ...receiverOptions(),
      buffer,
      clock,
      destinations: { crm: { handle: ({ id }) => void taken.push(id) } },
    })
    receiver.destination('crm').pause()
    await receiver.start()
    await buffer.append([event('a')])
    await clock.advance(1000)
    expect(taken).toEqual([])
    receiver.destination('crm').resume()
    await clock.advance(0)
    expect(taken).toEqual(['a'])
    await receiver.stop()
  })

  test('says which destinations there are', async () => {
    const { receiver } = await running()
    expect(() => receiver.destination('nobody')).toThrow('one of crm, log')
    await receiver.stop()
  })
})

describe('disable and detach', () => {
  test('a disabled destination keeps its place, and goes on there', async () => {
    const { receiver, crm, log, append, quiet } = await running()
    const control = receiver.destination('crm')
    await append('a1')
    await quiet()
    await control.disable()
    await append('a2', 'b1')
    await quiet()
    expect(crm).toEqual(['a1'])
    expect(log).toEqual(['a1', 'a2', 'b1'])
    expect(await control.status()).toMatchObject({ mode: 'disabled', state: 'stopped', backlog: 2 })
    await receiver.drained()
    control.resume()
    await quiet()
    expect(crm).toEqual(['a1', 'a2', 'b1'])
    await receiver.stop()
  })

  test('one that goes on while handlers finish starts anew only after them', async () => {
    const started: string[] = []
    let finish = (): void => {}
    const { receiver, append, quiet } = await running({
      handle: async ({ id }) => {
        started.push(id)
        if (id === 'a1') await new Promise<void>((resolve) => (finish = resolve))
      },
    })
    const control = receiver.destination('crm')
    await append('a1', 'a2')
    await quiet()
    const disabled = control.disable({ timeoutMs: 5000 })
    control.resume()
    await quiet()
    expect(started).toEqual(['a1'])
    finish()
    await disabled
    await quiet()
    expect(started).toEqual(['a1', 'a2'])
    await receiver.stop()
  })

  test('a detached destination holds nothing any more, and cannot go on', async () => {
    const { receiver, buffer, append, quiet } = await withDeadLetters()
    const control = receiver.destination('crm')
    await control.detach()
    await control.detach()
    await append('a3')
    await quiet()
    expect((await buffer.stats()).consumers.map(({ name }) => name)).toEqual(['log'])
    expect(await control.status()).toMatchObject({ mode: 'detached', backlog: 0, deadLetters: 0 })
    expect(() => control.resume()).toThrow('was detached')
    await expect(control.replay()).rejects.toMatchObject({ reason: 'destination_detached' })
    await receiver.stop()
  })

  test('waits for handlers at work, and aborts them when their time is over', async () => {
    let signal: AbortSignal | undefined
    const { receiver, append, quiet, clock } = await running({
      handle: (_event, context) => {
        signal = context.signal
        return new Promise(() => {})
      },
    })
    await append('a1')
    await quiet()
    const disabled = receiver.destination('crm').disable({ timeoutMs: 2000 })
    await clock.advance(1999)
    expect(signal?.aborted).toBe(false)
    await clock.advance(1)
    await disabled
    expect(signal?.aborted).toBe(true)
    await receiver.stop()
  })
})

describe('dead letters', () => {
  test('are listed, all or by a query', async () => {
    const fixture = await withDeadLetters()
    expect(await listed(fixture)).toHaveLength(4)
    expect(await listed(fixture, { types: ['a.made'] })).toEqual(['a1', 'a2'])
    expect(await listed(fixture, { ids: ['b1', 'c1'], where: ({ key }: { key?: string }) => key !== 'c' })).toEqual([
      'b1',
    ])
    expect(await listed(fixture, { from: fixture.clock.now() })).toEqual([])
    await fixture.receiver.stop()
  })

  test('are redriven, single, by a query, or all, and delivered in order per key', async () => {
    const fixture = await withDeadLetters()
    const { receiver, crm, quiet } = fixture
    const { deadLetters } = receiver.destination('crm')
    expect(await deadLetters.redrive({ ids: ['c1'] })).toBe(1)
    await quiet()
    expect(crm).toEqual(['c1'])
    expect(await deadLetters.redrive({ all: true })).toBe(3)
    await quiet()
    expect(crm.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2'])
    expect(crm).toHaveLength(4)
    expect(await listed(fixture)).toEqual([])
    await receiver.stop()
  })

  test('are redriven at a rate, until somebody ends it', async () => {
    const fixture = await withDeadLetters()
    const { receiver, crm, clock } = fixture
    const ending = new AbortController()
    const redriven = receiver
      .destination('crm')
      .deadLetters.redrive({ all: true }, { ratePerSecond: 2, signal: ending.signal })
    redriven.catch(() => {})
    await clock.advance(400)
    expect(crm).toHaveLength(1)
    await clock.advance(500)
    expect(crm).toHaveLength(2)
    ending.abort(new Error('enough'))
    await expect(redriven).rejects.toThrow('enough')
    expect(await listed(fixture)).toHaveLength(2)
    await receiver.stop()
  })

  test('are purged', async () => {
    const fixture = await withDeadLetters()
    const { deadLetters } = fixture.receiver.destination('crm')
    expect(await deadLetters.purge({ types: ['a.made'] })).toBe(2)
    expect((await listed(fixture)).toSorted()).toEqual(['b1', 'c1'])
    expect(await deadLetters.purge({ all: true })).toBe(2)
    await fixture.receiver.stop()
  })

  test('are not all changed because a condition was forgotten', async () => {
    const fixture = await withDeadLetters()
    const { deadLetters } = fixture.receiver.destination('crm')
    for (const choice of [{}, { ids: undefined }])
      await expect(deadLetters.purge(choice as never)).rejects.toThrow('`all: true`, or at least one condition')
    await expect(deadLetters.redrive({ sorces: ['shop'] } as never)).rejects.toThrow('Did you mean `sources`?')
    expect(await listed(fixture)).toHaveLength(4)
    await fixture.receiver.stop()
  })

  test('a key that is blocked since an earlier run can be resumed as soon as the receiver has started', async () => {
    const before = await withDeadLetters({ onExhausted: 'blockKey' })
    await before.receiver.stop()
    const crm: string[] = []
    const receiver = createReceiver({
      ...receiverOptions(),
      buffer: before.buffer,
      clock: before.clock,
      random: halfway,
      destinations: {
        crm: { handle: ({ id }) => void crm.push(id), orderingKey: ({ key }) => key, onExhausted: 'blockKey' },
      },
    })
    await receiver.start()
    expect(await receiver.destination('crm').resumeKey('a')).toBe(true)
    await before.quiet()
    expect(crm).toEqual(['a1', 'a2'])
    await receiver.stop()
  })

  test('a key that is no string is named', async () => {
    const fixture = await withDeadLetters({ onExhausted: 'blockKey' })
    const control = fixture.receiver.destination('crm')
    for (const key of [undefined, null, 7])
      await expect(control.resumeKey(key as never)).rejects.toThrow('Expected `key` to be a string')
    await fixture.receiver.stop()
  })

  test('a blocked key goes on when it is resumed', async () => {
    const fixture = await withDeadLetters({ onExhausted: 'blockKey' })
    const control = fixture.receiver.destination('crm')
    expect(await control.status()).toMatchObject({ blockedKeys: 3, deadLetters: 0, backlog: 4 })
    expect(await control.resumeKey('a')).toBe(true)
    expect(await control.resumeKey('x')).toBe(false)
    await fixture.quiet()
    expect(fixture.crm).toEqual(['a1', 'a2'])
    await fixture.receiver.stop()
  })
})

describe('replay', () => {
  test('delivers the history to one destination again, and moves no cursor', async () => {
    const { receiver, crm, log, append, quiet, clock, buffer } = await running()
    await append('a1', 'b1', 'a2')
    await quiet()
    const before = (await buffer.stats()).consumers
    crm.length = 0
    log.length = 0
    const report = await clock.runUntil(receiver.destination('crm').replay())
    expect(report).toMatchObject({ delivered: 3, failed: 0, failures: [] })
    expect(crm.toSorted()).toEqual(['a1', 'a2', 'b1'])
    expect(crm.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2'])
    expect(log).toEqual([])
    expect((await buffer.stats()).consumers).toEqual(before)
    expect(receiver.snapshot().destinations['crm']?.delivered).toBe(3)
    await receiver.stop()
  })

  test('takes what arrived in a span of time, or lies between positions, or fits a query', async () => {
    const { receiver, crm, append, quiet, clock, buffer } = await running()
    const times: number[] = []
    for (const id of ['a1', 'b1', 'c1', 'd1']) {
      times.push(clock.now())
      await append(id)
      await clock.advance(1000)
    }
    await quiet()
    const control = receiver.destination('crm')
    const replayed = async (options: Parameters<typeof control.replay>[0]): Promise<string[]> => {
      crm.length = 0
      await clock.runUntil(control.replay(options))
      return crm.slice()
    }
    expect(await replayed({ from: times[1]!, to: new Date(times[3]!) })).toEqual(['b1', 'c1'])
    expect(await replayed({ types: ['d.made', 'a.made'] })).toEqual(['a1', 'd1'])
    const entries = await buffer.read(0, null, { limit: 10, maxBytes: 1e6 })
    const positions = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
    expect(await replayed({ after: { position: positions[0]! }, upTo: positions[2]! })).toEqual(['b1', 'c1'])
    await receiver.stop()
  })

  test('keeps its rate', async () => {
    const { receiver, crm, append, quiet, clock } = await running()
    await append('a1', 'b1', 'c1', 'd1')
    await quiet()
    crm.length = 0
    const replay = receiver.destination('crm').replay({ ratePerSecond: 2 })
    await clock.advance(1100)
    expect(crm).toEqual(['a1', 'b1', 'c1'])
    await clock.runUntil(replay)
    await receiver.stop()
  })

  test('repeats what fails, reports what still does, and makes it no dead letter', async () => {
    const fixture = await running()
    const { receiver, state, append, quiet, clock } = fixture
    await append('a1', 'b1')
    await quiet()
    state.isBroken = true
    const report = await clock.runUntil(receiver.destination('crm').replay({ maxAttempts: 3 }))
    expect(report).toMatchObject({ delivered: 0, failed: 2 })
    expect(report.failures.map(({ id, message }) => [id, message])).toEqual([
      ['a1', 'broken'],
      ['b1', 'broken'],
    ])
    expect(await listed(fixture)).toEqual([])
    await receiver.stop()
  })

  test('ends when somebody says so, or the receiver stops, and leaves no timer behind', async () => {
    const { receiver, append, quiet, clock } = await running()
    await append('a1', 'b1', 'c1')
    await quiet()
    const ending = new AbortController()
    const first = receiver.destination('crm').replay({ ratePerSecond: 1, signal: ending.signal })
    const second = receiver.destination('crm').replay({ ratePerSecond: 1 })
    for (const replay of [first, second]) replay.catch(() => {})
    await clock.advance(500)
    ending.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    await receiver.stop()
    await expect(second).rejects.toMatchObject({ code: 'canceled' })
    await quiet()
    expect(clock.pendingTimers).toBe(0)
  })

  test('needs a receiver that runs', async () => {
    const receiver = createReceiver(receiverOptions())
    const control = receiver.destination('log')
    await expect(control.replay()).rejects.toMatchObject({ reason: 'receiver_not_running' })
    await expect(control.status()).rejects.toMatchObject({ reason: 'receiver_not_running' })
    await expect(control.replay({ rate: 3 } as never)).rejects.toThrow('there is no option `rate`')
  })
})

test('a destination that fails delays no other', async () => {
  const { receiver, state, log, append, clock } = await running({ maxAttempts: Infinity })
  state.isBroken = true
  for (let round = 0; round < 50; round++) {
    await append(...Array.from({ length: 200 }, (_, index) => `${'abcdefgh'[index % 8]}${round}-${index}`))
    await clock.advance(0)
  }
  await clock.advance(1000)
  expect(log).toHaveLength(10_000)
  expect(receiver.snapshot().destinations['crm']).toMatchObject({ delivered: 0 })
  expect(receiver.snapshot().destinations['log']).toMatchObject({ state: 'idle' })
  await receiver.stop()
})

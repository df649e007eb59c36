import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { redisBuffer, type RedisBufferOptions } from '@holdfast/adapters/redis'
import { type EventBuffer, type Lease, type LogEntry } from '@holdfast/webhook-receiver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { drained, eventOf, eventsOf, readAll } from './redis-events.ts'
import {
  clients,
  type Connected,
  evaluateOn,
  letTimePass,
  type RedisService,
  type RedisServiceOptions,
  startRedis,
} from './redis-service.ts'

const connect = clients.ioredis!

async function ownServer(options?: RedisServiceOptions): Promise<{ service: RedisService; connected: Connected }> {
  const service = await startRedis(options)
  const connected = await connect(service.port)
  onTestFinished(async () => {
    connected.close()
    await service.dispose()
  })
  return { service, connected }
}

describe.runIf(hasService('Redis', 'redis-server'))('redisBuffer on a server', () => {
  let service: RedisService
  let connected: Connected
  beforeAll(async () => {
    service = await startRedis({ durable: true })
    connected = await connect(service.port)
  }, 30_000)
  afterAll(async () => {
    connected.close()
    await service.dispose()
  })

  async function opened(options: Partial<RedisBufferOptions> = {}, on = connected): Promise<EventBuffer> {
    const buffer = redisBuffer(on.client, { name: 'inbox', prefix: `${randomUUID()}:`, partitions: 2, ...options })
    await buffer.open()
    onTestFinished(() => buffer.close())
    return buffer
  }

  async function scriptsRun(): Promise<number> {
    const stats = String(await evaluateOn(connected, `return redis.call('INFO', 'commandstats')`))
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])
  }

  test('says that a server which syncs every write survives a power cut', async () => {
    expect((await opened()).caps).toMatchObject({ durability: 'fsync', partitions: 2, multiProcess: true })
  })

  test('says what a server survives that syncs every second, and what it was told of one that is not asked', async () => {
    const own = await ownServer({ durable: true, args: ['--appendfsync', 'everysec'] })
    expect((await opened({}, own.connected)).caps.durability).toBe('os')
    expect((await opened({ durability: 'replicated' }, own.connected)).caps.durability).toBe('replicated')
  })

  test('refuses a server that keeps nothing, unless that is what is wanted', async () => {
    const own = await ownServer()
    const make = (options: Partial<RedisBufferOptions>): EventBuffer =>
      redisBuffer(own.connected.client, { name: 'inbox', ...options })
    await expect(make({}).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringMatching(/append-only file/),
    })
    const buffer = make({ durability: 'memory' })
    await buffer.open()
    expect(buffer.caps.durability).toBe('memory')
    await buffer.close()
  })

  test('refuses a server that may delete events by itself', async () => {
    const own = await ownServer({ durable: true, args: ['--maxmemory-policy', 'allkeys-lru'] })
    const buffer = redisBuffer(own.connected.client, { name: 'inbox', durability: 'os' })
    await expect(buffer.open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringMatching(/noeviction/),
    })
  })

  test('refuses another number of partitions than the buffer has', async () => {
    const prefix = `${randomUUID()}:`
    await opened({ prefix })
    const other = redisBuffer(connected.client, { name: 'inbox', prefix, partitions: 2 + 1 })
    await expect(other.open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringMatching(/has 2 partitions/),
    })
  })

  test('refuses names and options that are none', () => {
    const make = (options: object) => () => redisBuffer(connected.client, options as RedisBufferOptions)
    expect(make({})).toThrow('name')
    expect(make({ name: 'a{b' })).toThrow('Expected `name` to be a name of 1 to 64 letters')
    expect(make({ name: 'a', partitions: 0 })).toThrow('partitions')
    expect(make({ name: 'a', retention: { minAge: 1 } })).toThrow('retention.minAge')
  })

  test('does at once what is asked at once, whatever its partition, while there is little else to do', async () => {
    const loop = vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue({ idle: 1, active: 0, utilization: 0 })
    onTestFinished(() => loop.mockRestore())
    const buffer = await opened({ partitions: 16 })
    const consumer = await buffer.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const append = (ids: string): Promise<unknown> =>
      Promise.all(Array.from({ length: 500 }, (_, index) => buffer.append([eventOf(`${ids}${index}`, `key${index}`)])))
    const read = () =>
      Promise.all(leases.map((lease) => consumer.read(lease, null, { limit: 1000, maxBytes: 1e6, waitMs: 0 })))
    const commit = (read: readonly LogEntry[][]): Promise<unknown> =>
      Promise.all(
        leases.map((lease, index) =>
          consumer.commit(lease, {
            done: (read[index] ?? []).flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : [])),
          }),
        ),
      )
    // The server learns the scripts.
    await append('first')
    await commit(await read())

    const before = await scriptsRun()
    await append('next')
    expect((await scriptsRun()) - before).toBe(1)
    const entries = await read()
    expect((await scriptsRun()) - before).toBe(2)
    const isNext = (entry: LogEntry): boolean => entry.kind === 'event' && entry.event.id.startsWith('next')
    expect(entries.flat().filter(isNext)).toHaveLength(500)
    await commit(entries)
    expect((await scriptsRun()) - before).toBe(3)
    expect((await buffer.stats()).consumers).toEqual([{ name: 'orders', backlog: 0, parked: 0, deadLetters: 0 }])
  })

  test('puts no more large events into one reply than its room holds, and reads the others one by one', async () => {
    const buffer = await opened({ partitions: 16 })
    const consumer = await buffer.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const body = new Uint8Array(200 * 1024)
    const events = Array.from({ length: 100 }, (_, index) => eventOf(`evt_${index}`, `key${index}`, body))
    const placed = await buffer.append(events)
    expect(new Set(placed.map(({ partition }) => partition)).size).toBe(16)
    const [first] = leases
    const readFirst = (lease: Lease): Promise<LogEntry[]> =>
      consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 0 })
    // The server learns the scripts.
    await readFirst(first!)
    await Promise.all(leases.map(readFirst))

    const before = await scriptsRun()
    const entries = await Promise.all(leases.map(readFirst))
    // Two go together, and with the second the reply is full.
    expect((await scriptsRun()) - before).toBe(1 + 14)
    expect(entries.map((read) => read.length)).toEqual(leases.map(() => 1))
    const partitionOf = (entry: LogEntry | undefined): number | undefined =>
      entry?.kind === 'event' ? entry.event.partition : undefined
    expect(entries.map(([entry]) => partitionOf(entry))).toEqual(leases.map(({ partition }) => partition))
  })

  test('forgets an id after its window', async () => {
    const prefix = `${randomUUID()}:`
    const buffer = await opened({ prefix, dedupeWindowMs: 60_000 })
    await buffer.append([eventOf('evt')])
    await letTimePass(connected, prefix, 50_000)
    expect((await buffer.append([eventOf('evt')]))[0]?.status).toBe('duplicate')
    await letTimePass(connected, prefix, 50_000)
    expect((await buffer.append([eventOf('evt')]))[0]?.status).toBe('appended')
  })

  test('remembers no id of an event that could not be stored', async () => {
    const prefix = `${randomUUID()}:`
    const buffer = await opened({ prefix, partitions: 1 })
    const key = `${prefix}buffer:{inbox:0}:log`
    await evaluateOn(connected, `return redis.call('SET', '${key}', 'what is no stream')`)
    for (const events of [[eventOf('evt')], eventsOf(2)])
      await expect(buffer.append(events)).rejects.toMatchObject({ reason: 'buffer_failed' })
    const both = await Promise.allSettled([buffer.append([eventOf('evt')]), buffer.append([eventOf('other')])])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await evaluateOn(connected, `return redis.call('UNLINK', '${key}')`)
    expect(await buffer.append([eventOf('evt'), ...eventsOf(2)])).toMatchObject([
      { status: 'appended' },
      { status: 'appended' },
      { status: 'appended' },
    ])
    expect((await buffer.stats()).events).toBe(3)
  })

  test.each(Object.entries(clients))('fails with %s nothing but what is damaged', async (_, connectWith) => {
    const own = await connectWith(service.port)
    onTestFinished(own.close)
    const prefix = `${randomUUID()}:`
    const buffer = await opened({ prefix, partitions: 4 }, own)
    const consumer = await buffer.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const events = Array.from({ length: 40 }, (_, index) => eventOf(`evt_${index}`, `key${index}`))
    const placed = (await buffer.append(events)).map(({ partition }) => partition)
    const statuses = async (calls: readonly Promise<unknown>[]): Promise<readonly string[]> =>
      (await Promise.allSettled(calls)).map(({ status }) => status)
    const expected = (at: readonly number[], broken: readonly number[]): readonly string[] =>
      at.map((partition) => (broken.includes(partition) ? 'rejected' : 'fulfilled'))
    const next = events.map((event) => ({ ...event, id: `${event.id} again` }))
    await evaluateOn(own, `return redis.call('SET', '${prefix}buffer:{inbox:0}:log', 'what is no stream')`)
    await evaluateOn(own, `return redis.call('HSET', '${prefix}buffer:{inbox:1}:c:orders', 'low', 'what is no number')`)
    await evaluateOn(own, `return redis.call('HSET', '${prefix}buffer:{inbox:2}:meta', 'bytes', 'what is no number')`)

    const appended = await statuses(next.map((event) => buffer.append([event])))
    expect(appended).toEqual(expected(placed, [0, 2]))
    const reads = leases.map((lease) => consumer.read(lease, null, { limit: 10, maxBytes: 1e6, waitMs: 0 }))
    const at = leases.map(({ partition }) => partition)
    expect(await statuses(reads)).toEqual(expected(at, [0]))
    const commits = leases.map((lease) => consumer.commit(lease, { done: ['0000000000000001'] }))
    // What is done is deleted from the log.
    expect(await statuses(commits)).toEqual(expected(at, [0, 1]))

    // Of what was refused nothing is known.
    await evaluateOn(own, `return redis.call('UNLINK', '${prefix}buffer:{inbox:0}:log')`)
    await evaluateOn(own, `return redis.call('HSET', '${prefix}buffer:{inbox:2}:meta', 'bytes', '0')`)
    const again = await Promise.all(next.map(async (event) => (await buffer.append([event]))[0]?.status))
    expect(again).toEqual(appended.map((status) => (status === 'rejected' ? 'appended' : 'duplicate')))
  })

  test('compares no ids without a window', async () => {
    const buffer = await opened({ dedupeWindowMs: 0 })
    await buffer.append([eventOf('evt')])
    expect((await buffer.append([eventOf('evt')]))[0]?.status).toBe('appended')
  })

  test('deletes what the slowest consumer is through with, and says what each holds', async () => {
    const body = new Uint8Array(1000)
    const buffer = await opened()
    const slow = await buffer.openConsumer('slow')
    await buffer.append(eventsOf(1000, body))
    const { consumer, lease, events } = await drained(buffer)
    await consumer.commit(lease, { done: events.map(({ position }) => position) })
    const held = await buffer.stats()
    expect(held.events).toBe(1001)
    expect(held.heldBytes).toMatchObject({ orders: 0 })
    expect(held.heldBytes?.slow).toBeGreaterThan(1_000_000)
    const slowLease = (await slow.acquire({ owner: 'slow', leaseMs: 60_000 })).find(
      (one) => one.partition === lease.partition,
    )
    await slow.commit(slowLease!, { done: events.slice(0, 600).map(({ position }) => position) })
    expect((await buffer.stats()).events).toBeLessThanOrEqual(405)
    expect((await readAll(slow, slowLease!)).slice(-401)).toHaveLength(401)
    await buffer.removeConsumer('slow')
    expect((await buffer.stats()).events).toBeLessThanOrEqual(5)
  })

  test.each(['renew', 'release'] as const)('deletes on %s what the commits of a moment have left', async (how) => {
    const prefix = `${randomUUID()}:`
    const buffer = await opened({ prefix })
    await buffer.append(eventsOf(10, new Uint8Array(10_000)))
    const { consumer, lease, events } = await drained(buffer)
    const cursor = `${prefix}buffer:{inbox:${lease.partition}}:c:orders`
    const inAMinute = "string.format('%.0f', (redis.call('TIME')[1] + 60) * 1000000)"
    await evaluateOn(connected, `return redis.call('HSET', '${cursor}', 'trimmed', ${inAMinute})`)
    await consumer.commit(lease, { done: events.map(({ position }) => position) })
    expect((await buffer.stats()).events).toBe(11)
    await (how === 'renew' ? consumer.renew(lease, 60_000) : consumer.release(lease))
    expect((await buffer.stats()).events).toBeLessThanOrEqual(1)
  })

  test('keeps what is younger than its retention, but no more than so many bytes', async () => {
    const body = new Uint8Array(10_000)
    const buffer = await opened({ retention: { minAgeMs: 3_600_000, maxBytes: 3_000_000 } })
    const consume = async (): Promise<number> => {
      const { consumer, lease, events } = await drained(buffer)
      await consumer.commit(lease, { done: events.map(({ position }) => position) })
      await consumer.release(lease)
      const { bytes } = await buffer.stats()
      return bytes
    }
    const fill = async (prefix: string): Promise<void> => {
      for (let call = 0; call < 20; call++) await buffer.append(eventsOf(20, body, `${prefix}${call}_`))
    }
    await fill('a')
    expect(await consume()).toSatisfy((bytes: number) => bytes > 2_000_000 && bytes < 4_500_000)
    await fill('b')
    expect(await consume()).toSatisfy((bytes: number) => bytes > 2_000_000 && bytes < 4_500_000)
  })

  test('tells of events that were removed by hand as a hole in their place', async () => {
    const prefix = `${randomUUID()}:`
    const buffer = await opened({ prefix, partitions: 1 })
    await buffer.append(eventsOf(10))
    const { consumer, lease, events } = await drained(buffer)
    await evaluateOn(connected, `return redis.call('XDEL', '${prefix}buffer:{inbox:0}:log', '4-0', '5-0')`)
    const entries = await consumer.read(lease, events[0]!.position, { limit: 4, maxBytes: 1e6, waitMs: 0 })
    expect(entries.map((entry) => (entry.kind === 'event' ? entry.event.id : entry.hole.lost))).toEqual([
      'evt_1',
      'evt_2',
      2,
      'evt_5',
      'evt_6',
    ])
  })

  test('wakes a drain for what another process has stored', async () => {
    const prefix = `${randomUUID()}:`
    const [mine, other] = [await opened({ prefix }), await opened({ prefix })]
    const { consumer, lease, events } = await drained(mine)
    const read = consumer.read(lease, events.at(-1)!.position, { limit: 10, maxBytes: 1e6, waitMs: 20_000 })
    await other.append([eventOf('news')])
    expect(await read).toMatchObject([{ kind: 'event', event: { id: 'news' } }])
  })

  test('gives a partition back when it closes, so that another process has it at once', async () => {
    const prefix = `${randomUUID()}:`
    const [mine, other] = [await opened({ prefix }), await opened({ prefix })]
    await drained(mine, 'me')
    const rival = await other.openConsumer('orders')
    expect(await rival.acquire({ owner: 'rival', leaseMs: 60_000 })).toEqual([])
    await mine.close()
    expect(await rival.acquire({ owner: 'rival', leaseMs: 60_000 })).toHaveLength(2)
  })

  test('takes no lease for good that was taken before the server was restarted', async () => {
    const own = await ownServer({ durable: true })
    const buffer = await opened({}, own.connected)
    const { consumer, lease, events } = await drained(buffer)
    await own.service.kill()
    await own.service.start()
    await expect(consumer.commit(lease, { done: [events[0]!.position] })).rejects.toMatchObject({
      reason: 'stale_lease',
    })
    expect(await consumer.renew(lease, 60_000)).toBe(false)
    // Others wait until it ends; its owner has it again at once.
    expect(await consumer.acquire({ owner: 'rival', leaseMs: 60_000 })).toEqual([])
    const again = (await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })).find(
      (one) => one.partition === lease.partition,
    )
    expect(again!.epoch).toBeGreaterThan(lease.epoch + 1_000_000)
    await consumer.commit(again!, { done: [events[0]!.position] })
    expect(await consumer.load(again!)).toEqual({ lowWater: events[0]!.position, done: [], retry: [] })
  })

  test('closes in time while the server is gone', async () => {
    const own = await ownServer({ durable: true })
    const buffer = await opened({ timeoutMs: 300 }, own.connected)
    const { consumer, lease, events } = await drained(buffer)
    await own.service.kill()
    await expect(consumer.commit(lease, { done: [events[0]!.position] })).rejects.toMatchObject({
      reason: 'buffer_failed',
    })
    await buffer.close()
  }, 5_000)

  test('refuses in time when the server does not answer, and knows afterwards what was stored', async () => {
    const own = await ownServer({ durable: true })
    const buffer = await opened({ timeoutMs: 300 }, own.connected)
    own.service.process.kill('SIGSTOP')
    await expect(buffer.append([eventOf('evt')])).rejects.toMatchObject({ reason: 'buffer_failed' })
    own.service.process.kill('SIGCONT')
    const [result] = await buffer.append([eventOf('evt')])
    expect(result?.status).toBe('duplicate')
  })

  test('counts what waits behind a batch among what it may keep', async () => {
    const own = await ownServer({ durable: true })
    const limits = { maxQueuedBytes: 100_000, maxEventBytes: 50_000, maxBatchBytes: 10_000 }
    const buffer = await opened({ partitions: 1, ...limits }, own.connected)
    own.service.process.kill('SIGSTOP')
    const outcomes = eventsOf(100, new Uint8Array(10_000)).map((event) =>
      buffer.append([event]).then(
        () => 'stored',
        ({ reason }: { reason: string }) => reason,
      ),
    )
    own.service.process.kill('SIGCONT')
    const reasons = await Promise.all(outcomes)
    expect(reasons.filter((reason) => reason === 'buffer_overloaded').length).toBeGreaterThan(80)
    // What was answered is not counted any more.
    expect((await buffer.append([eventOf('later', 'one', new Uint8Array(50_000))]))[0]?.status).toBe('appended')
  })

  test('takes no more than it may keep while the server does not answer', async () => {
    const own = await ownServer({ durable: true })
    const buffer = await opened({ timeoutMs: 300, maxEventBytes: 1000, maxQueuedBytes: 1500 }, own.connected)
    own.service.process.kill('SIGSTOP')
    const first = buffer.append([eventOf('first', 'one', new Uint8Array(1000))])
    await expect(first).rejects.toMatchObject({ reason: 'buffer_failed' })
    await expect(buffer.append([eventOf('second', 'one', new Uint8Array(1000))])).rejects.toMatchObject({
      reason: 'buffer_overloaded',
    })
    own.service.process.kill('SIGCONT')
  })
})

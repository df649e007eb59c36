import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { redisBuffer } from '@holdfast/adapters/redis'
import { type EventBuffer, moveEvents, type StoredEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { account, clients as postgresClients, startPostgres } from './postgres-service.ts'
import { clients, type Connected, letTimePass, type RedisService, startRedis } from './redis-service.ts'
import { eventOf, KEYS } from './numbered-event.ts'

const program = join(import.meta.dirname, '../../packages/webhook-receiver/src/cli/main.ts')

/** What is stored, partition by partition. */
async function storedIn(buffer: EventBuffer): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let partition = 0; partition < buffer.caps.partitions; partition++)
    for (const entry of await buffer.read(partition, null, { limit: 100_000, maxBytes: 1e9 }))
      if (entry.kind === 'event') events.push(entry.event)
  return events
}

function numbersOf(events: readonly StoredEvent[], key: number): number[] {
  return events.filter((event) => event.key === `key_${key}`).map(({ body }) => Number(Buffer.from(body).toString()))
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-move-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** The command line, as a process of its own where the client is installed. */
function holdfast(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', program, ...args], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, ...env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

describe.runIf(hasService('Redis', 'redis-server'))('moving between a directory and Redis', () => {
  let service: RedisService
  let connected: Connected
  beforeAll(async () => {
    service = await startRedis({ durable: true })
    connected = await clients.ioredis!(service.port)
  }, 30_000)
  afterAll(async () => {
    connected.close()
    await service.dispose()
  })

  async function onRedis(name: string): Promise<EventBuffer> {
    const buffer = redisBuffer(connected.client, { name, partitions: 4 })
    await buffer.open()
    onTestFinished(() => buffer.close())
    return buffer
  }

  test('loses nothing and keeps the order of each key when it is killed in the middle and run again', async () => {
    const directory = await temporaryDirectory()
    const disk = diskBuffer({ directory })
    await disk.open()
    const count = 6_000
    for (let from = 0; from < count; from += 500)
      await disk.append(Array.from({ length: 500 }, (_, index) => eventOf(from + index)))
    const consumer = await disk.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const first = await disk.read(0, null, { limit: 3, maxBytes: 1e6 })
    const [one, two, three] = first.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    await consumer.commit(lease!, { done: [one!.position] })
    await consumer.park(lease!, [{ event: two!, lane: 'k:key_1', redrives: 0, attempts: 4, nextAt: 0 }])
    const why = { attempts: 9, at: 1_750_000_000_000, message: 'It was refused.' }
    await consumer.deadLetter(lease!, [{ event: three!, lane: 'k:key_2', redrives: 0, why }])
    await disk.close()

    const target = await onRedis('killed')
    const args = ['move', '--from', `file:${directory}`, '--to', 'redis:killed?partitions=4', '--json']
    const env = { REDIS_URL: `redis://127.0.0.1:${service.port}` }
    const broken = holdfast(args, env)
    while ((await target.stats()).events < 500 && broken.exitCode === null);
    broken.kill('SIGKILL')
    await once(broken, 'exit')
    const before = (await target.stats()).events
    expect(before).toBeGreaterThanOrEqual(500)
    expect(before).toBeLessThan(count - 1)

    await letTimePass(connected, 'holdfast:', 10_000)
    const again = holdfast(args, env)
    const [stdout, stderr] = await Promise.all([text(again.stdout!), text(again.stderr!)])
    expect(stderr).toBe('')
    const { moved, lost } = JSON.parse(stdout) as { moved: number; lost: number }
    expect([moved, lost]).toEqual([count - 1 - before, 0])

    const events = await storedIn(target)
    expect(events).toHaveLength(count - 1)
    const all = Array.from({ length: count - 1 }, (_, index) => index + 1)
    for (let key = 0; key < KEYS; key++)
      expect(numbersOf(events, key)).toEqual(all.filter((number) => number % KEYS === key))
    expect((await target.stats()).consumers).toEqual([
      { name: 'orders', backlog: count - 2, parked: 1, deadLetters: 1 },
    ])
  }, 60_000)

  test('brings events back into a directory', async () => {
    const source = await onRedis('back')
    await source.append(Array.from({ length: 300 }, (_, index) => eventOf(index)))
    await source.openConsumer('orders')
    const disk = diskBuffer({ directory: await temporaryDirectory() })
    await disk.open()
    onTestFinished(() => disk.close())
    expect(await moveEvents(source, disk)).toEqual({ moved: 300, duplicates: 0, lost: 0 })
    const events = await storedIn(disk)
    for (let key = 0; key < KEYS; key++) expect(numbersOf(events, key)).toEqual(numbersOf(await storedIn(source), key))
    expect((await disk.stats()).consumers).toMatchObject([{ name: 'orders', backlog: 300 }])
  })

  test('refuses to move into a buffer that somebody drains', async () => {
    const [source, target] = [await onRedis('source'), await onRedis('drained')]
    await source.append([eventOf(1)])
    await source.openConsumer('orders')
    const consumer = await target.openConsumer('orders')
    await consumer.acquire({ owner: 'application', leaseMs: 60_000 })
    await expect(moveEvents(source, target, { waitMs: 0 })).rejects.toMatchObject({ reason: 'consumer_in_use' })
    expect((await target.stats()).events).toBe(0)
  })

  test.each([
    [
      'that the server cannot be reached, without its password',
      '..',
      expect.stringMatching(/^holdfast: The server of \$REDIS_URL cannot be reached(?: \(\w+\))?\.\n$/),
    ],
    [
      'what is missing where nothing is installed',
      '/',
      'holdfast: This buffer needs @holdfast/adapters, which is not installed here: `npm install @holdfast/adapters`.\n',
    ],
  ])('says %s', async (_, directory, message) => {
    const child = spawn(
      process.execPath,
      ['--conditions=@holdfast/source', program, 'move', '--from', 'redis:inbox', '--to', 'sqlite:./never'],
      {
        cwd: resolve(import.meta.dirname, directory),
        // Package managers have their programs find what is installed elsewhere.
        env: { PATH: process.env['PATH'], REDIS_URL: 'redis://:hunter2@127.0.0.1:1' },
      },
    )
    expect(await text(child.stderr)).toEqual(message)
  })
})

test.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))(
  'moves a directory to PostgreSQL and back',
  async () => {
    const service = await startPostgres()
    onTestFinished(() => service.dispose())
    const directory = await temporaryDirectory()
    const disk = diskBuffer({ directory })
    await disk.open()
    await disk.append(Array.from({ length: 400 }, (_, index) => eventOf(index)))
    const consumer = await disk.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const [first] = await disk.read(0, null, { limit: 1, maxBytes: 1e6 })
    if (first?.kind !== 'event') throw new Error('It is lost.')
    await consumer.park(lease!, [{ event: first.event, lane: 'k:key_0', redrives: 0, attempts: 4, nextAt: 0 }])
    await disk.close()

    const { user, database, host } = account
    const child = holdfast(['move', '--from', `file:${directory}`, '--to', 'postgres:inbox?partitions=4', '--json'], {
      DATABASE_URL: `postgres://${user}@${host}:${service.port}/${database}`,
    })
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
    expect([stderr, JSON.parse(stdout)]).toEqual(['', { dryRun: false, moved: 400, duplicates: 0, lost: 0 }])

    const { client, close } = await postgresClients['pg']!(service.port)
    onTestFinished(close)
    const buffer = postgresBuffer(client, { name: 'inbox', partitions: 4 })
    await buffer.open()
    const events = await storedIn(buffer)
    for (let key = 0; key < KEYS; key++)
      expect(numbersOf(events, key)).toEqual(Array.from({ length: 50 }, (_, index) => index * KEYS + key))
    expect((await buffer.stats()).consumers).toEqual([{ name: 'orders', backlog: 400, parked: 1, deadLetters: 0 }])

    const other = diskBuffer({ directory: await temporaryDirectory() })
    await other.open()
    onTestFinished(() => other.close())
    expect(await moveEvents(buffer, other)).toMatchObject({ moved: 400 })
    expect((await other.stats()).consumers).toMatchObject([{ name: 'orders', backlog: 400, parked: 1 }])
    await buffer.close()
  },
  60_000,
)

import { redisBuffer, type RedisBufferOptions, type SingleRedisLike } from '@holdfast/adapters/redis'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventOf, eventsOf } from './redis-events.ts'
import { type RedisService, type RedisServiceOptions, startRedis } from './redis-service.ts'
import { oldest, waiting } from './redis-wait-aof-programs.ts'

if (oldest !== undefined)
  describe('redisBuffer on a server without WAITAOF', () => {
    test('refuses to wait for disks', async () => {
      const { port } = await startServer({ program: oldest })
      await expect(make(port, { waitAof: { client: connect(port) } }).open()).rejects.toMatchObject({
        reason: 'buffer_unusable',
        message: expect.stringContaining('needs Redis 7.2 or Valkey'),
      })
    })
  })

describe.runIf(waiting)('redisBuffer that waits for disks', () => {
  test('says what a server that syncs every second keeps then, and waits once for all', async () => {
    const { port } = await server('--appendfsync', 'everysec')
    const buffer = await opened(port, { waitAof: { client: connect(port) } })
    expect(buffer.caps.durability).toBe('fsync')
    const before = await waitsOf(port)
    const results = await Promise.all(eventsOf(100).map((event) => buffer.append([event])))
    expect(results.flat().every(({ status }) => status === 'appended')).toBe(true)
    const waits = (await waitsOf(port)) - before
    expect(waits).toBeGreaterThanOrEqual(1)
    expect(waits).toBeLessThanOrEqual(3)
  })

  test('waits for known events, too: who stored them may not have waited to the end', async () => {
    const { port } = await server()
    const buffer = await opened(port, { waitAof: { client: connect(port) } })
    await buffer.append([eventOf('evt')])
    const before = await waitsOf(port)
    expect((await buffer.append([eventOf('evt')]))[0]?.status).toBe('duplicate')
    expect((await waitsOf(port)) - before).toBe(1)
  })

  test('waits with node-redis as well', async () => {
    const { port } = await server()
    const client = createClient({ socket: { port } })
    await client.connect()
    onTestFinished(() => client.destroy())
    const buffer = await opened(port, { waitAof: { client } })
    expect((await buffer.append([eventOf('evt')]))[0]?.status).toBe('appended')
    expect(await waitsOf(port)).toBeGreaterThanOrEqual(2)
  })

  test('waits for replicas, and rejects when they do not come after in time', async () => {
    const main = await server()
    const replica = await server('--replicaof', '127.0.0.1', String(main.port))
    await untilJoined(main.port)
    const buffer = await opened(main.port, { timeoutMs: 2_000, waitAof: { client: connect(main.port), replicas: 1 } })
    expect(buffer.caps.durability).toBe('replicated')
    expect((await buffer.append([eventOf('first')]))[0]?.status).toBe('appended')
    replica.process.kill('SIGSTOP')
    await expect(buffer.append([eventOf('second')])).rejects.toMatchObject({ reason: 'buffer_failed' })
    replica.process.kill('SIGCONT')
    await expect
      .poll(() => buffer.append([eventOf('second')]).catch(() => []), { timeout: 20_000 })
      .toMatchObject([{ status: 'duplicate' }])
  })

  test('takes no answer of another connection than the one that wrote', async () => {
    const { port } = await server()
    const client = connect(port)
    let connection = 1
    const reconnecting: SingleRedisLike = {
      defineCommand: () => undefined,
      eval: () => Promise.reject(new Error('is not used')),
      callBuffer: (command, ...args) =>
        command === 'CLIENT' ? Promise.resolve(connection++) : client.callBuffer(command, ...args),
    }
    await expect(make(port, { waitAof: { client: reconnecting } }).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      cause: { message: 'Redis has not said that what was written is on its disk.' },
    })
  })

  test('refuses a connection to another server, and a server that keeps nothing', async () => {
    const [{ port }, other, forgetful] = [await server(), await server(), await server('--appendonly', 'no')]
    await expect(make(port, { waitAof: { client: connect(other.port) } }).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('connected to the server of the buffer'),
    })
    const options = { durability: 'memory', waitAof: { client: connect(forgetful.port) } } as const
    await expect(make(forgetful.port, options).open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('an append-only file'),
    })
  })
})

async function startServer(options: RedisServiceOptions): Promise<RedisService> {
  const service = await startRedis({ durable: true, ...options })
  onTestFinished(() => service.dispose())
  return service
}

/** One with WAITAOF. */
function server(...args: readonly string[]): Promise<RedisService> {
  return startServer({ program: waiting, args })
}

function connect(port: number): Redis {
  const client = new Redis({ port })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

function make(port: number, options: Partial<RedisBufferOptions>): EventBuffer {
  return redisBuffer(connect(port), { name: 'inbox', partitions: 2, ...options })
}

async function opened(port: number, options: Partial<RedisBufferOptions>): Promise<EventBuffer> {
  const buffer = make(port, options)
  await buffer.open()
  onTestFinished(() => buffer.close())
  return buffer
}

async function waitsOf(port: number): Promise<number> {
  return Number(/cmdstat_waitaof:calls=(\d+)/.exec(await connect(port).info('commandstats'))?.[1] ?? 0)
}

async function untilJoined(port: number): Promise<void> {
  const client = connect(port)
  await expect.poll(() => client.info('replication'), { timeout: 20_000 }).toMatch(/slave0:.*state=online/)
}

import github from '@holdfast/adapters/connectors/github'
import { redisBuffer, type RedisBufferOptions, type SingleRedisLike } from '@holdfast/adapters/redis'
import { createReceiver, type EventBuffer, type WebhookReply } from '@holdfast/webhook-receiver'
import { sign } from '@octokit/webhooks-methods'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { drained, eventOf, eventsOf, readAll } from './redis-events.ts'
import { clients, type Connected, type RedisService, startRedis } from './redis-service.ts'

const connect = clients.ioredis!

async function ownServer(): Promise<{ service: RedisService; connected: Connected }> {
  const service = await startRedis({ durable: true })
  const connected = await connect(service.port)
  onTestFinished(async () => {
    connected.close()
    await service.dispose()
  })
  return { service, connected }
}

async function opened(on: Connected, options: Partial<RedisBufferOptions> = {}): Promise<EventBuffer> {
  const buffer = redisBuffer(on.client, { name: 'inbox', partitions: 1, ...options })
  await buffer.open()
  onTestFinished(() => buffer.close())
  return buffer
}

describe.runIf(hasService('Redis', 'redis-server'))('redisBuffer on a server that is full', () => {
  test('refuses events when the server is full, and goes on draining, which makes room', async () => {
    const own = await ownServer()
    const buffer = await opened(own.connected)
    const body = new Uint8Array(100_000)
    await buffer.append(eventsOf(100, body))
    const { consumer, lease, events } = await drained(buffer)
    await limitMemory(own, '4mb')
    await expect(buffer.append([eventOf('more')])).rejects.toMatchObject({ reason: 'buffer_full' })
    expect((await buffer.append([eventOf('known')]))[0]?.status).toBe('duplicate')
    const [first, second, ...rest] = events
    await consumer.commit(lease, { retry: [{ position: first!.position, attempts: 1, nextAt: 5 }] })
    await consumer.deadLetter(lease, [
      { event: first!, lane: 'a', redrives: 0, why: { attempts: 1, at: 0, message: 'no' } },
    ])
    await consumer.park(lease, [{ event: second!, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
    expect(await consumer.renew(lease, 60_000)).toBe(true)
    await consumer.commit(lease, { done: rest.map(({ position }) => position) })
    expect((await buffer.append([eventOf('more')]))[0]?.status).toBe('appended')
    expect((await buffer.stats()).consumers).toEqual([{ name: 'orders', backlog: 2, parked: 1, deadLetters: 1 }])
  })

  test('is drained by a process that starts while the server is full', async () => {
    const own = await ownServer()
    const before = await opened(own.connected)
    await before.append(eventsOf(100, new Uint8Array(100_000)))
    await before.openConsumer('orders')
    await limitMemory(own, '4mb')
    const buffer = await opened(own.connected)
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const events = await readAll(consumer, lease!)
    await expect(buffer.append([eventOf('more')])).rejects.toMatchObject({ reason: 'buffer_full' })
    await consumer.commit(lease!, { done: events.map(({ position }) => position) })
    expect((await buffer.append([eventOf('more')]))[0]?.status).toBe('appended')
  })

  test('is opened while it is full also by a buffer that waits for disks', async () => {
    const own = await ownServer()
    await (await opened(own.connected)).append(eventsOf(100, new Uint8Array(100_000)))
    await limitMemory(own, '4mb')
    const { Redis } = await import('ioredis')
    const connection = new Redis({ port: own.service.port })
    onTestFinished(() => connection.disconnect())
    // Not every Redis that this is tested with has `WAITAOF`.
    const client: SingleRedisLike = {
      defineCommand: () => undefined,
      eval: () => Promise.reject(new Error('is not used')),
      callBuffer: (command, ...args) =>
        command === 'WAITAOF' ? Promise.resolve([1, 0]) : connection.callBuffer(command, ...args),
    }
    const buffer = await opened(own.connected, { waitAof: { client } })
    expect((await buffer.append(eventsOf(1)))[0]?.status).toBe('duplicate')
  })

  test('has webhooks answered with 503 and Retry-After while the server is full', async () => {
    const own = await ownServer()
    const receiver = createReceiver({
      buffer: redisBuffer(own.connected.client, { name: 'inbox' }),
      sources: { github: { connector: github, secrets: ['a secret'], partitionKey: () => null } },
      destinations: { orders: { handle: () => {} } },
    })
    await receiver.start()
    onTestFinished(() => receiver.stop())
    const send = async (id: string): Promise<WebhookReply> => {
      const body = JSON.stringify({ id })
      const headers = [
        ['x-github-event', 'ping'],
        ['x-github-delivery', id],
        ['x-hub-signature-256', await sign('a secret', body)],
      ] as const
      return receiver.accept('github', { method: 'POST', url: '/', headers, body: Buffer.from(body) })
    }
    await limitMemory(own, '1mb')
    const refused = await send('a')
    expect(refused.status).toBe(503)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    await limitMemory(own, '0')
    expect((await send('a')).status).toBe(200)
  })
})

async function limitMemory({ service }: { readonly service: RedisService }, maxmemory: string): Promise<void> {
  const { Redis } = await import('ioredis')
  const admin = new Redis({ port: service.port })
  await admin.config('SET', 'maxmemory', maxmemory)
  admin.disconnect()
}

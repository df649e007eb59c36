import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { redisBuffer } from '@holdfast/adapters/redis'
import { createReceiver, type DestinationOptions } from '@holdfast/webhook-receiver'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { startRedis } from '../state/redis-service.ts'
import { webhookSecret } from './github-delivery.ts'
import { besideBar, perSecond, ratio, type Section, versionOf } from './report.ts'
import { median, ratioOf } from './statistics.ts'
import { eventMaker } from './stored-events.ts'

const KEYS = 1_000
const BATCH = 500
const BAR = 2

/** Works off a backlog on a Redis of its own, and says how many events a second that were. */
type Drain = (port: number, backlog: number) => Promise<number>

const DRAINS: Readonly<Record<string, Drain>> = {
  'bullmq, in order': drainBull,
  'redisBuffer, in order': (port, backlog) => drainOurs(port, backlog, 1, { handle: () => undefined }),
  'redisBuffer, 1,000 keys': (port, backlog) =>
    drainOurs(port, backlog, 16, { handle: () => undefined, orderingKey: (event) => event.key, concurrency: 64 }),
}

/** How fast does a backlog on Redis go to a handler, in order? */
export async function drainOnRedis(quick: boolean): Promise<Section> {
  const backlog = quick ? 500 : 10_000
  // A sync of the disk for each job takes its time.
  const jobs = quick ? 200 : 2_000
  const rounds = quick ? 1 : 3
  const results = new Map<string, number[]>()
  for (let round = 0; round < rounds; round += 1)
    for (const [name, drain] of Object.entries(DRAINS))
      results.set(name, [...(results.get(name) ?? []), await onRedis(drain, drain === drainBull ? jobs : backlog)])
  const rates = (name: string): number[] => results.get(name) ?? []
  const against = (name: string): number => ratioOf(rates(name), rates('bullmq, in order')).median
  return {
    title: 'Inbound: drain of a backlog on Redis to an in-process handler',
    method: [
      `${backlog.toLocaleString('en-US')} events of 1 KiB, for bullmq ${jobs.toLocaleString('en-US')}, written before, on a Redis with appendfsync always; the handler does nothing`,
      `bullmq ${versionOf('bullmq')}, in order: one worker with \`concurrency: 1\`, which is its way to keep an order; groups are a part that is paid for`,
      'redisBuffer, in order: one partition, one at a time; 1,000 keys: 16 partitions, 64 at once, each key in order',
      `Timed from start until all are done; ${rounds} interleaved rounds`,
    ],
    columns: ['drain', 'events/s median', '× bullmq'],
    rows: [...results].map(([name, measured]) => [name, perSecond(median(measured)), ratio(against(name))]),
    conclusions: ['redisBuffer, in order', 'redisBuffer, 1,000 keys'].map((name) =>
      besideBar(name, `${against(name).toFixed(2)} × bullmq`, `≥ ${BAR}`, against(name) >= BAR),
    ),
  }
}

async function onRedis(drain: Drain, backlog: number): Promise<number> {
  const redis = await startRedis({ durable: true })
  try {
    return await drain(redis.port, backlog)
  } finally {
    await redis.dispose()
  }
}

async function drainBull(port: number, backlog: number): Promise<number> {
  const connection = { host: '127.0.0.1', port }
  const queue = new Queue('inbox', { connection, defaultJobOptions: { removeOnComplete: true } })
  const nextEvent = eventMaker(randomBytes(4).toString('hex'), KEYS)
  for (let written = 0; written < backlog; written += BATCH)
    await queue.addBulk(
      Array.from({ length: BATCH }, nextEvent).map(({ id, headers, body }) => ({
        name: 'webhook',
        data: { headers, body: Buffer.from(body).toString() },
        opts: { jobId: id },
      })),
    )
  const startedAt = performance.now()
  const worker = new Worker('inbox', async () => undefined, {
    connection: { ...connection, maxRetriesPerRequest: null },
    concurrency: 1,
  })
  await once(worker, 'drained')
  const elapsedMs = performance.now() - startedAt
  const left = await queue.getJobCounts('waiting', 'active', 'failed', 'prioritized')
  await worker.close()
  await queue.close()
  if (Object.values(left).some((count) => count > 0)) throw new Error(`bullmq has left ${JSON.stringify(left)}`)
  return (backlog * 1_000) / elapsedMs
}

async function drainOurs(
  port: number,
  backlog: number,
  partitions: number,
  destination: DestinationOptions,
): Promise<number> {
  const client = new Redis({ port })
  try {
    const make = (): ReturnType<typeof redisBuffer> => redisBuffer(client, { name: 'inbox', partitions })
    const buffer = make()
    await buffer.open()
    await buffer.openConsumer('bench')
    const nextEvent = eventMaker(randomBytes(4).toString('hex'), KEYS)
    for (let written = 0; written < backlog; written += BATCH)
      await buffer.append(Array.from({ length: BATCH }, nextEvent))
    await buffer.close()
    const receiver = createReceiver({
      buffer: make(),
      sources: { github: { connector: github, secrets: [webhookSecret], partitionKey: () => null } },
      destinations: { bench: destination },
    })
    const startedAt = performance.now()
    await receiver.start()
    const delivered = (): number => receiver.snapshot().destinations['bench']?.delivered ?? 0
    while (delivered() < backlog) await setTimeout(1)
    const elapsedMs = performance.now() - startedAt
    await receiver.stop()
    return (backlog * 1_000) / elapsedMs
  } finally {
    client.disconnect()
  }
}

import { setTimeout } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { createReceiver } from '@holdfast/webhook-receiver'
import { Pool } from 'pg'
import { PgBoss } from 'pg-boss'
import { account, startPostgres } from '../state/postgres-service.ts'
import { webhookSecret } from './github-delivery.ts'
import { besideBar, interval, perSecond, type Section, versionOf } from './report.ts'
import { median, ratioOf } from './statistics.ts'
import { eventMaker } from './stored-events.ts'

const KEYS = 1_000
const BATCH = 500
const BAR = 2
const QUEUE = 'inbox'

/** Fills a store with events and drains it. Resolves with the time that draining took, in ms. */
type Contender = (port: number, events: number) => Promise<number>

const contenders: Readonly<Record<string, Contender>> = {
  'pg-boss, key_strict_fifo': drainWithPgBoss,
  postgresBuffer: drainWithBuffer,
}

/** How fast does a backlog on PostgreSQL go to a handler, in the order of its keys? */
export async function drainOnPostgres(quick: boolean): Promise<Section> {
  const events = quick ? 1_000 : 10_000
  const rounds = quick ? 1 : 3
  const rates = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, drain] of Object.entries(contenders)) {
      const postgres = await startPostgres({ durable: true })
      try {
        rates.get(name)?.push((events * 1_000) / (await drain(postgres.port, events)))
      } finally {
        await postgres.dispose()
      }
    }
  }
  const [queue = [], ours = []] = [...rates.values()]
  const ratio = ratioOf(ours, queue)
  return {
    title: 'Inbound: drain of a backlog on PostgreSQL to an in-process handler',
    method: [
      `${events.toLocaleString('en-US')} events of 1 KiB of ${KEYS.toLocaleString('en-US')} keys, stored before; the handler does nothing; a PostgreSQL of its own for each, fsync and synchronous_commit on`,
      `pg-boss ${versionOf('pg-boss')}: a queue with the policy key_strict_fifo, the key as singletonKey; one worker that fetches 64 at once, again without a pause after each full batch (burstWhenBatchFull), else every half second`,
      'postgresBuffer: a destination with 64 at once, ordered by the key',
      `Timed from the start of the worker until the last event is handled; ${rounds} interleaved rounds`,
    ],
    columns: ['what', 'events/s median', '× pg-boss'],
    rows: [...rates].map(([name, all]) => [name, perSecond(median(all)), interval(ratioOf(all, queue), 2)]),
    conclusions: [
      besideBar('postgresBuffer beside pg-boss', `${ratio.median.toFixed(2)} ×`, `≥ ${BAR}`, ratio.median >= BAR),
    ],
  }
}

async function drainWithPgBoss(port: number, events: number): Promise<number> {
  const boss = new PgBoss({ ...account, port })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue(QUEUE, { policy: 'key_strict_fifo' })
  const next = eventMaker('drain', KEYS)
  for (let stored = 0; stored < events; stored += BATCH)
    await boss.insert(
      QUEUE,
      Array.from({ length: BATCH }, next).map(({ key = '', headers, body }) => ({
        singletonKey: key,
        data: { headers, body: Buffer.from(body).toString() },
      })),
    )
  let handled = 0
  const beganMs = performance.now()
  await boss.work(QUEUE, { batchSize: 64, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }, async (jobs) => {
    handled += jobs.length
  })
  while (handled < events) await setTimeout(1)
  const tookMs = performance.now() - beganMs
  await boss.stop({ graceful: false })
  return tookMs
}

async function drainWithBuffer(port: number, events: number): Promise<number> {
  const pool = new Pool({ ...account, port })
  pool.on('error', () => undefined)
  const filled = postgresBuffer(pool, { name: QUEUE })
  await filled.open()
  await filled.openConsumer('bench')
  const next = eventMaker('drain', KEYS)
  for (let stored = 0; stored < events; stored += BATCH) await filled.append(Array.from({ length: BATCH }, next))
  await filled.close()
  const receiver = createReceiver({
    buffer: postgresBuffer(pool, { name: QUEUE }),
    sources: { github: { connector: github, secrets: [webhookSecret], partitionKey: () => null } },
    destinations: { bench: { handle: () => undefined, orderingKey: (event) => event.key, concurrency: 64 } },
  })
  const beganMs = performance.now()
  await receiver.start()
  while ((receiver.snapshot().destinations['bench']?.delivered ?? 0) < events) await setTimeout(1)
  const tookMs = performance.now() - beganMs
  await receiver.stop()
  await pool.end()
  return tookMs
}

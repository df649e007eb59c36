import { setImmediate as nextTurn } from 'node:timers/promises'
import { InvalidOptionsError } from '@holdfast/core'
import {
  type AppendResult,
  type BufferCaps,
  type BufferDurability,
  BufferError,
  type EventBuffer,
  type Lease,
  type OpenReport,
} from '@holdfast/webhook-receiver'
import {
  answerInTime,
  createAppendQueue,
  createArrivals,
  createByteBudget,
  createHandover,
  createLifetime,
  loopUtilization,
  positionOf,
  positionUpTo,
  runsOf,
  seqOf,
} from '@holdfast/webhook-receiver/buffer-kit'
import { appendRecords } from './append-statement.ts'
import { bufferFailure } from './buffer-failure.ts'
import { readStats } from './buffer-stats.ts'
import { createDatabase } from './database.ts'
import { encodeEvent, entriesOf, type EventRecord } from './event-record.ts'
import { listenTo, type PostgresListener } from './notifications.ts'
import { type PostgresBufferOptions, resolvePostgresBufferOptions } from './postgres-buffer-options.ts'
import { createPostgresConsumer } from './postgres-consumer.ts'
import { type Retention, startRetention } from './retention.ts'
import { askDurability } from './server-check.ts'
import type { PostgresLike, SqlRow, SqlValue } from './sql-client.ts'

// Longest time that a batch is kept for those whom the one before has answered.
const LINGER_MS = 5

// Clocks of senders may differ by so much.
const CLOCK_SKEW_MS = 60_000

/**
 * An `EventBuffer` on PostgreSQL 14 or newer, on the client that the application has: a Pool of pg, postgres.js, PGlite. It never connects, closes
 * or configures it. Processes that name the same buffer share it: each can take events, and they divide its partitions among them to drain them.
 * Handlers can have their ack commit in their own transaction: `context.transaction`.
 *
 * `caps.durability` says from `open` on what the server was found to do.
 *
 * @throws InvalidOptionsError for an option that is wrong.
 */
export function postgresBuffer(client: PostgresLike, options: PostgresBufferOptions): EventBuffer {
  const resolved = resolvePostgresBufferOptions(options)
  const { name, schema, clock, partitions, maxEventBytes, maxQueuedBytes, timeoutMs, dedupeWindowMs } = resolved
  const database = createDatabase(client, schema, resolved.migrate)
  const channel = `${schema}_buffer`
  const leases = new Map<string, { readonly consumer: number; readonly lease: Lease }>()
  let id = 0
  const lifetime = createLifetime()
  const requireOpen = (): void => lifetime.requireOpen()
  let durability: BufferDurability = resolved.durability ?? 'fsync'
  const budget = createByteBudget(maxQueuedBytes, 'PostgreSQL')
  let retention: Retention | undefined
  let unlisten: (() => Promise<void>) | undefined

  const requirePartition = (index: number): void => {
    if (Number.isInteger(index) && index >= 0 && index < partitions) return
    throw new InvalidOptionsError({
      path: 'partition',
      expected: `a partition from 0 to ${partitions - 1}`,
      received: index,
    })
  }

  const ask = async (text: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]> => {
    try {
      return await database.query(text, values)
    } catch (error) {
      throw bufferFailure(error)
    }
  }

  /** A client may wait for a connection, or for a server that is away, without end. */
  const inTime = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
    answerInTime(answer, { clock, timeoutMs, server: 'PostgreSQL' })

  const askInTime: typeof ask = (text, values) => inTime(ask(text, values))

  const arrivals = createArrivals({
    clock,
    pollMs: resolved.pollMs,
    async lastSeqs() {
      const rows = await ask(`select part, next_seq::text as next from ${schema}.part where buffer = $1::int`, [id])
      return new Map(rows.map(({ part, next }) => [Number(part), Number(next) - 1]))
    },
  })

  const handover = createHandover(clock)

  const store = async (records: readonly EventRecord[]): Promise<readonly number[]> => {
    const answer = appendRecords(ask, schema, id, records, {
      windowMs: dedupeWindowMs,
      channel: resolved.notify ? channel : undefined,
    })
    // What waits for a connection counts until its outcome is known, also after nobody waits for it any more.
    const settled = (): void => budget.giveBack(bytesOf(records))
    answer.then(settled, settled)
    const { seqs, timeline } = await inTime(answer)
    for (const run of runsOf(records, seqs)) handover.offer(run, timeline)
    // Also what was known: of the first time nobody may have heard.
    for (const [index, { partition }] of records.entries())
      arrivals.announce(partition, Math.abs(seqs[index] as number))
    return seqs
  }

  let storing: Promise<unknown> = Promise.resolve()

  const queue = createAppendQueue({
    maxBatchBytes: resolved.maxBatchBytes,
    nextTurn,
    send(records: readonly EventRecord[]) {
      const stored = store(records)
      storing = stored.catch(() => undefined)
      return stored
    },
    linger: { clock, maxMs: LINGER_MS },
    utilization: loopUtilization(),
  })

  /** Announces what a notification tells: the buffer, and each partition with the number of its last event, such as `7:0-12,3-40`. */
  const announceAll = (payload: string): void => {
    const [buffer, ends = ''] = payload.split(':')
    if (Number(buffer) !== id) return
    for (const end of ends.split(',')) {
      const [partition, lastSeq] = end.split('-').map(Number) as [number, number]
      arrivals.announce(partition, lastSeq)
    }
  }

  const releaseAll = async (): Promise<void> => {
    const held = [...leases.values()]
    leases.clear()
    // A lease that cannot be given back ends by itself.
    await Promise.allSettled(
      held.map(({ consumer, lease }) =>
        askInTime(`select ${schema}.release($1::int, $2::int, $3::text::bigint)`, [
          consumer,
          lease.partition,
          String(lease.epoch),
        ]),
      ),
    )
  }

  const listenInTime = async (listener: PostgresListener): Promise<() => Promise<void>> => {
    const listening = listenTo(listener, channel, {
      clock,
      onGap: () => arrivals.wakeAll(),
      // It may tell of what is under way here, which is handed over with its answer.
      onMessage: (payload) => void storing.then(() => announceAll(payload)),
    })
    try {
      return await inTime(listening)
    } catch (error) {
      // Nobody hears what it tells, if it comes about later.
      listening.then((end) => end()).catch(() => undefined)
      throw error
    }
  }

  const startUp = async (): Promise<OpenReport> => {
    const begunMs = clock.monotonicMs()
    const [row] = await askInTime(`select id, partitions from ${schema}.open_buffer($1::text, $2::int)`, [
      name,
      partitions,
    ])
    if (Number(row?.partitions) !== partitions)
      throw new BufferError(
        'buffer_unusable',
        `The buffer "${name}" has ${String(row?.partitions)} partitions, not ${partitions}. Their number is fixed.`,
      )
    id = Number(row?.id)
    durability = resolved.durability ?? (await askDurability(askInTime))
    if (resolved.listener !== undefined) unlisten = await listenInTime(resolved.listener)
    retention = startRetention({
      query: ask,
      schema,
      buffer: id,
      partitions,
      minAgeMs: resolved.retention.minAgeMs,
      dedupeWindowMs,
      clock,
    })
    return { durationMs: clock.monotonicMs() - begunMs, scannedBytes: 0, tornBytes: 0, holes: [], lostAside: 0 }
  }

  const shutDown = async (): Promise<void> => {
    await queue.idle()
    // What does not end in time is left to the client.
    await inTime(retention?.stop() ?? Promise.resolve()).catch(() => undefined)
    await releaseAll()
    await inTime(unlisten?.() ?? Promise.resolve()).catch(() => undefined)
    unlisten = undefined
    arrivals.wakeAll()
  }

  return {
    get caps(): BufferCaps {
      return {
        durability,
        partitions,
        multiProcess: true,
        maxEventBytes,
        dedupeWindowMs,
        transactionalAck: true,
        asideMarks: true,
      }
    },
    open: () => lifetime.open(startUp),
    async append(events) {
      requireOpen()
      const records = events.map((event) => encodeEvent(event, partitions, maxEventBytes))
      budget.take(bytesOf(records))
      const seqs = records.length === 0 ? [] : await queue.add(records)
      return records.map(({ partition }, index): AppendResult => {
        const seq = seqs[index] as number
        return { status: seq < 0 ? 'duplicate' : 'appended', partition, position: positionOf(Math.abs(seq)) }
      })
    },
    async openConsumer(consumer, { from = 'earliest' } = {}) {
      requireOpen()
      const [row] = await askInTime(`select ${schema}.open_consumer($1::int, $2::text, $3::int) as id`, [
        id,
        consumer,
        from === 'latest' ? 1 : 0,
      ])
      return createPostgresConsumer({
        name: consumer,
        id: Number(row?.id),
        buffer: id,
        schema,
        database,
        arrivals,
        handover,
        requireOpen,
        inTime,
        onLease: (owner, lease, held) => {
          const key = `${owner}:${lease.partition}`
          if (held) leases.set(key, { consumer: owner, lease })
          else leases.delete(key)
        },
      })
    },
    async removeConsumer(consumer) {
      requireOpen()
      await askInTime(
        `with gone as (delete from ${schema}.consumer where buffer = $1::int and name = $2::text returning id)
         delete from ${schema}.ack using gone where consumer = gone.id`,
        [id, consumer],
      )
    },
    async read(partition, after, { limit, maxBytes }) {
      requireOpen()
      requirePartition(partition)
      const rows = await askInTime(
        `select seq, meta, body from ${schema}.read_log($1::int, $2::int, $3::text::bigint, $4::int, $5::float8)`,
        [id, partition, String(seqOf(after)), limit, maxBytes],
      )
      return entriesOf(partition, rows)
    },
    async positionBefore(partition, at) {
      requireOpen()
      requirePartition(partition)
      const [row] = await askInTime(`select ${schema}.seq_before($1::int, $2::int, $3::float8)::text as seq`, [
        id,
        partition,
        at - CLOCK_SKEW_MS,
      ])
      return positionUpTo(Number(row?.seq))
    },
    async stats() {
      requireOpen()
      return readStats(askInTime, schema, id)
    },
    close: () => lifetime.close(shutDown),
  }
}

function bytesOf(records: readonly EventRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0)
}

import { BufferError, type Consumer, type CursorDelta, type EventPlace, type Lease } from '@holdfast/webhook-receiver'
import { type Arrivals, createLogReads, type Handover, seqOf } from '@holdfast/webhook-receiver/buffer-kit'
import { bufferFailure } from './buffer-failure.ts'
import { readCursor } from './cursor.ts'
import type { Database } from './database.ts'
import { readDeadLetters } from './dead-letters.ts'
import { entriesOf } from './event-record.ts'
import { createHeldCommits } from './held-commits.ts'
import { createHeldMarks } from './held-marks.ts'
import { createHeldReads } from './held-reads.ts'
import { laneOf, letterItem, parkedItem, parkedOf } from './set-aside.ts'
import type { SqlQuery, SqlRow, SqlValue } from './sql-client.ts'
import { readText, storedText } from './text.ts'
import { sqlStateOf } from './transient.ts'

/** What a consumer is made of. */
export interface PostgresConsumerOptions {
  readonly name: string
  /** Its number in the database, another one after it was removed and registers again, and that of its buffer. */
  readonly id: number
  readonly buffer: number
  readonly schema: string
  readonly database: Database
  readonly arrivals: Arrivals
  readonly handover: Handover
  /** @throws BufferError `buffer_closed` */
  readonly requireOpen: () => void
  /** Waits for an answer, not without end. @throws BufferError `buffer_failed` */
  readonly inTime: <Answer>(answer: Promise<Answer>) => Promise<Answer>
  /** A lease was taken, or given back. */
  readonly onLease: (consumer: number, lease: Lease, held: boolean) => void
}

const LEASE = '$1::int, $2::int, $3::text::bigint'
// As the functions of the schema say it.
const STALE = 'HF001'
const DONE_ALREADY = 'HF002'
// Rows of `ack` in a partition that are taken into the cursor at once.
const ACKS = 256

/** Makes the face of a consumer that is registered. */
export function createPostgresConsumer(options: PostgresConsumerOptions): Consumer {
  const { name, buffer, schema, database, arrivals, handover, requireOpen, inTime, onLease } = options
  let { id } = options

  const staleLease = (partition: number): BufferError =>
    new BufferError('stale_lease', `Partition ${partition} of consumer "${name}" is somebody else's now.`)

  const failure = (error: unknown, partition: number): BufferError => {
    const state = sqlStateOf(error)
    if (state === STALE) return staleLease(partition)
    if (state === DONE_ALREADY)
      return new BufferError('already_done', 'The event has been done before; the transaction was rolled back.')
    return bufferFailure(error)
  }

  const ask = async (text: string, values: readonly SqlValue[], partition = 0): Promise<readonly SqlRow[]> => {
    requireOpen()
    try {
      return await inTime(database.query(text, values))
    } catch (error) {
      throw failure(error, partition)
    }
  }

  /**
   * Calls a function of the schema with the number of the consumer, and `$4` and on. Another process may have removed the consumer: then it is
   * registered again, from the oldest event on. No lease of before holds under the new number, for its epoch is another one.
   */
  const askRegistered = async (
    call: string,
    columns: string,
    values: readonly SqlValue[],
  ): Promise<readonly SqlRow[]> => {
    const rows = await ask(
      `with own as materialized (
         select coalesce((select id from ${schema}.consumer where id = $1::int), ${schema}.open_consumer($2::int, $3::text, 0)) as id)
       select own.id, ${columns} from own left join lateral ${schema}.${call} on true`,
      [id, buffer, name, ...values],
    )
    id = Number(rows[0]?.id)
    return rows
  }

  const held = ({ partition, epoch }: Lease): SqlValue[] => [id, partition, String(epoch)]

  /** Asks under a lease; `$4` and on are `values`. */
  const askLeased = (text: string, lease: Lease, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> =>
    ask(text, [...held(lease), ...values], lease.partition)

  const takeDeadLetters = async (places: readonly EventPlace[], use: 'redrive' | 'purge'): Promise<number> => {
    const items = places.map(({ partition, position }) => ({ part: partition, seq: seqOf(position) }))
    const [row] = await ask(`select ${schema}.${use}($1::int, $2::text) as taken`, [id, JSON.stringify(items)])
    return Number(row?.taken)
  }

  const queryInTime: SqlQuery = (text, values) => inTime(database.query(text, values))
  const readHeld = createHeldReads(queryInTime, schema, () => id, buffer)
  const reads = createLogReads({
    arrivals,
    handover,
    requireOpen,
    async ask(read) {
      requireOpen()
      const rows = await readHeld(read).catch((error: unknown) => {
        throw failure(error, read.lease.partition)
      })
      if (rows === undefined) throw staleLease(read.lease.partition)
      return entriesOf(read.lease.partition, rows)
    },
  })
  const commitHeld = createHeldCommits(queryInTime, schema, () => id)
  const markHeld = createHeldMarks(queryInTime, schema, () => id)

  const commitWith = (query: SqlQuery, lease: Lease, delta: CursorDelta, inTransaction: 0 | 1): Promise<unknown> => {
    const done = JSON.stringify((delta.done ?? []).map((position) => String(seqOf(position))))
    const retry = (delta.retry ?? []).map(({ position, attempts, nextAt }) => ({
      seq: seqOf(position),
      attempts,
      next_at: nextAt,
    }))
    return query(`select ${schema}.commit(${LEASE}, $4::text, $5::text, ${inTransaction})`, [
      ...held(lease),
      done,
      JSON.stringify(retry),
    ])
  }

  /** Acknowledges in a transaction of the application, beside others of the partition where it can. */
  const acknowledgeWith = (query: SqlQuery, lease: Lease, delta: CursorDelta): Promise<unknown> => {
    const [position, another] = delta.done ?? []
    if (position === undefined || another !== undefined || (delta.retry ?? []).length > 0)
      return commitWith(query, lease, delta, 1)
    return query(`select ${schema}.acknowledge(${LEASE}, $4::text::bigint)`, [...held(lease), String(seqOf(position))])
  }

  const acks = new Map<number, number>()
  /** Has the cursor take over what was acknowledged beside it, now and then. */
  const countAck = (lease: Lease): void => {
    const count = (acks.get(lease.partition) ?? 0) + 1
    acks.set(lease.partition, count % ACKS)
    // When it fails the next one does it.
    if (count === ACKS) commitHeld({ lease, seqs: [] }).catch(() => undefined)
  }

  return {
    name,
    async attend({ owner, leaseMs }) {
      const who = storedText(owner)
      // Who leaves registers nothing.
      const rows =
        leaseMs > 0
          ? await askRegistered('attend(own.id, $4::text, $5::float8) as owner', 'owner', [who, leaseMs])
          : await ask(`select attend as owner from ${schema}.attend($1::int, $2::text, 0)`, [id, who])
      return rows.map((row) => readText(String(row.owner)))
    },
    async acquire({ owner, leaseMs, max = 1024 }) {
      const rows = await askRegistered(
        'acquire(own.id, $4::text, $5::float8, $6::int) a',
        'a.part, a.epoch, a.ends_ms as ends, a.timeline',
        [storedText(owner), leaseMs, Math.min(max, 1024)],
      )
      const taken = rows.filter((row) => row.part !== null).toSorted((a, b) => Number(a.part) - Number(b.part))
      return taken.map(({ part, epoch, ends, timeline }) => {
        const lease = { partition: Number(part), epoch: Number(epoch), expiresAt: Number(ends) }
        onLease(id, lease, true)
        reads.leased(lease, String(timeline))
        return lease
      })
    },
    read: reads.read,
    async load(lease) {
      const rows = await askLeased(`select done, retry from ${schema}.load(${LEASE})`, lease)
      return readCursor(rows[0] ?? {})
    },
    async commit(lease, delta) {
      requireOpen()
      try {
        if ((delta.retry ?? []).length > 0) await commitWith(queryInTime, lease, delta, 0)
        else if (!(await commitHeld({ lease, seqs: (delta.done ?? []).map(seqOf) }))) throw staleLease(lease.partition)
      } catch (error) {
        throw failure(error, lease.partition)
      }
    },
    async withTransaction(lease, delta, work) {
      requireOpen()
      const answer = await database.transaction(async (transaction, query) => {
        const result = await work(transaction)
        try {
          // Last, because who wants the cursor for himself waits from here to the commit.
          await acknowledgeWith(query, lease, delta)
        } catch (error) {
          throw failure(error, lease.partition)
        }
        return result
      })
      countAck(lease)
      return answer
    },
    async park(lease, events) {
      requireOpen()
      if (events.length === 0) return
      await askLeased(`select ${schema}.park(${LEASE}, $4::text)`, lease, [JSON.stringify(events.map(parkedItem))])
    },
    async parkedLanes(lease) {
      const rows = await askLeased(
        `select lane, seq, attempts, next_at as next, blocked, events, bytes from ${schema}.parked_lanes(${LEASE})`,
        lease,
      )
      return rows.map(laneOf)
    },
    async readParked(lease, lane, { limit, maxBytes }) {
      const rows = await askLeased(
        `select seq, redrives, attempts, next_at as next, blocked, meta, body
         from ${schema}.read_parked(${LEASE}, $4::text, $5::int, $6::float8)`,
        lease,
        [storedText(lane), limit, maxBytes],
      )
      return rows.map((row) => ({ kind: 'event', parked: parkedOf(lease.partition, lane, row) }))
    },
    async deadLetter(lease, letters) {
      requireOpen()
      if (letters.length === 0) return
      await askLeased(`select ${schema}.bury(${LEASE}, $4::text)`, lease, [JSON.stringify(letters.map(letterItem))])
    },
    deadLetters: () => readDeadLetters(ask, schema, id),
    async deadLanes(lease) {
      const rows = await askLeased(`select dead_lanes as lane from ${schema}.dead_lanes(${LEASE})`, lease)
      return rows.map((row) => readText(String(row.lane)))
    },
    async asideMark(lease) {
      requireOpen()
      const mark = await markHeld(lease).catch((error: unknown) => {
        throw failure(error, lease.partition)
      })
      if (mark === undefined) throw staleLease(lease.partition)
      return mark
    },
    redrive: (places) => takeDeadLetters(places, 'redrive'),
    purge: (places) => takeDeadLetters(places, 'purge'),
    async renew(lease, leaseMs) {
      const [row] = await askLeased(`select ${schema}.renew(${LEASE}, $4::float8) as held`, lease, [leaseMs])
      return row?.held === 1
    },
    async release(lease) {
      await askLeased(`select ${schema}.release(${LEASE})`, lease)
      onLease(id, lease, false)
    },
  }
}

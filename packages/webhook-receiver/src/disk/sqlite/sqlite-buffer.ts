import { resolve } from 'node:path'
import {
  checkOptions,
  type Clock,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  systemClock,
} from '@holdfast/core'
import { BufferError } from '../../buffer/buffer-error.ts'
import { TransientSet } from '../../buffer-kit/transient.ts'
import type {
  AppendResult,
  BufferCaps,
  BufferStats,
  Consumer,
  EventBuffer,
  LogEntry,
  NewEvent,
  OpenReport,
  Position,
} from '../../buffer/event-buffer.ts'
import { consumerFileName } from '../consumer-file-name.ts'
import { eventIdentity } from '../../buffer-kit/event-meta.ts'
import { createLifetime } from '../../buffer-kit/lifetime.ts'
import { DATABASE_NAME, refuseLog } from '../directory-kind.ts'
import { encodeEvent, storedEventOf } from '../event-codec.ts'
import { nodeFileSystem } from '../node-file-system.ts'
import { positionOf, seqOf } from '../seq.ts'
import { unusableDirectory } from '../unusable-directory.ts'
import { overloaded } from '../write-failure.ts'
import { SqliteConsumer } from './sqlite-consumer.ts'
import { SqliteThread } from './sqlite-thread.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const TIDY_EVERY_MS = 1_000

/** Options of `sqliteBuffer`. */
export interface SqliteBufferOptions {
  /** Where `events.db` is kept; made if it is missing. On a local disk: SQLite's locks cannot be depended on elsewhere. */
  readonly directory: string
  /**
   * Largest body that is taken, in bytes. 1 to 512 MiB.
   *
   * @defaultValue `33_554_432` (32 MiB)
   */
  readonly maxEventBytes?: number
  /**
   * Bytes of bodies that may wait to be stored; beyond it `append` rejects with `buffer_overloaded`. A single call is taken whatever its size while
   * nothing waits.
   *
   * @defaultValue `33_554_432` (32 MiB)
   */
  readonly maxQueuedBytes?: number
  /**
   * How long an event's id is remembered after it was stored, in ms. 0: ids are not compared.
   *
   * @defaultValue `259_200_000` (72 h)
   */
  readonly dedupeWindowMs?: number
  /**
   * How long events are kept that every consumer is through with, in ms after they were stored. Without a consumer nothing is deleted.
   *
   * @defaultValue `0`: they are deleted at once
   */
  readonly retentionMs?: number
  readonly clock?: Clock
}

/** Defaults of `sqliteBuffer`. */
export const defaultSqliteBufferOptions: Readonly<
  Required<Pick<SqliteBufferOptions, 'maxEventBytes' | 'maxQueuedBytes' | 'dedupeWindowMs' | 'retentionMs'>>
> = Object.freeze({
  maxEventBytes: 32 * MIB,
  maxQueuedBytes: 32 * MIB,
  dedupeWindowMs: 72 * HOUR_MS,
  retentionMs: 0,
})

type Resolved = Required<SqliteBufferOptions>

/**
 * An `EventBuffer` in a SQLite database, by `node:sqlite` in a thread of its own, for one process at a time. `append` resolves after the commit was
 * synced. For who trusts SQLite more than a log of ours, or wants to ask the tables; `diskBuffer` isolates damage, gives space back at once and
 * encrypts.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before `open`.
 */
export function sqliteBuffer(options: SqliteBufferOptions): EventBuffer {
  checkOptions('', options, {
    directory: nonEmptyString,
    maxEventBytes: integer({ min: 1, max: 512 * MIB }),
    maxQueuedBytes: integer({ min: 1 }),
    dedupeWindowMs: durationMs(),
    retentionMs: durationMs(),
    clock: clockObject,
  })
  if (options.directory === undefined)
    throw new InvalidOptionsError({ path: 'directory', expected: 'a non-empty string', received: undefined })
  return new SqliteBuffer({ ...defaultSqliteBufferOptions, clock: systemClock, ...options })
}

/** What is there while the buffer is open. */
interface Opened {
  readonly thread: SqliteThread
  readonly consumers: Map<string, SqliteConsumer>
  readonly waiters: TransientSet<() => void>
  lastSeq: number
  cancelTidy: () => void
}

class SqliteBuffer implements EventBuffer {
  readonly caps: BufferCaps
  readonly #options: Resolved
  readonly #lifetime = createLifetime()
  #opened: Opened | undefined

  constructor(options: Resolved) {
    this.#options = options
    this.caps = Object.freeze({
      durability: 'fsync',
      partitions: 1,
      multiProcess: false,
      maxEventBytes: options.maxEventBytes,
      dedupeWindowMs: options.dedupeWindowMs,
      transactionalAck: false,
    })
  }

  open(): Promise<OpenReport> {
    return this.#lifetime.open(async () => {
      const { clock } = this.#options
      const startedAt = clock.monotonicMs()
      const directory = resolve(this.#options.directory)
      await prepareDirectory(directory)
      const thread = await SqliteThread.open(`${directory}/${DATABASE_NAME}`)
      const lastSeq = await thread.call('lastSeq', [])
      const opened: Opened = {
        thread,
        consumers: new Map(),
        waiters: new TransientSet(),
        lastSeq,
        cancelTidy: () => {},
      }
      this.#opened = opened
      this.#scheduleTidy(opened)
      return { durationMs: clock.monotonicMs() - startedAt, scannedBytes: 0, tornBytes: 0, holes: [], lostAside: 0 }
    })
  }

  async append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    const { thread } = this.#open()
    const { maxEventBytes, maxQueuedBytes, dedupeWindowMs, clock } = this.#options
    const rows = events.map((event) => {
      const { meta, body } = encodeEvent(event, maxEventBytes)
      return { identity: eventIdentity(event), receivedAt: event.receivedAt, meta, body }
    })
    const bytes = rows.reduce((sum, { body }) => sum + body.length, 0)
    const queued = thread.queuedBytes
    if (queued > 0 && queued + bytes > maxQueuedBytes) throw overloaded(queued)
    const stored = await thread.call('append', [rows, clock.now(), dedupeWindowMs], bytes)
    this.#noteStored(Math.max(0, ...stored.map(({ seq }) => seq)))
    return stored.map(({ seq, isNew }) => ({
      status: isNew ? 'appended' : 'duplicate',
      partition: 0,
      position: positionOf(seq),
    }))
  }

  async openConsumer(name: string, options: { readonly from?: 'earliest' | 'latest' } = {}): Promise<Consumer> {
    const opened = this.#open()
    if (consumerFileName(name) === undefined)
      throw new InvalidOptionsError({
        path: 'name',
        expected: 'a non-empty, well-formed string of at most 200 bytes',
        received: name,
      })
    await opened.thread.call('openConsumer', [name, options.from ?? 'earliest'])
    const { thread, waiters } = opened
    const consumer =
      opened.consumers.get(name) ??
      new SqliteConsumer(name, { thread, waiters, clock: this.#options.clock, lastSeq: () => opened.lastSeq })
    opened.consumers.set(name, consumer)
    return consumer
  }

  async removeConsumer(name: string): Promise<void> {
    const { thread, consumers } = this.#open()
    consumers.get(name)?.close()
    consumers.delete(name)
    await thread.call('removeConsumer', [name])
  }

  async read(
    partition: number,
    after: Position | null,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<LogEntry[]> {
    const { thread } = this.#open()
    checkPartition(partition)
    const seq = after === null ? 0 : seqOf(after)
    if (seq === undefined)
      throw new InvalidOptionsError({ path: 'after', expected: 'a position of this buffer', received: after })
    const rows = await thread.call('read', [seq, Math.max(1, limit), maxBytes])
    return rows.map((row) => ({ kind: 'event', event: storedEventOf(row.seq, row.meta, row.body) }))
  }

  async positionBefore(partition: number, at: number): Promise<Position | null> {
    const { thread } = this.#open()
    checkPartition(partition)
    const seq = await thread.call('seqBefore', [at])
    return seq === 0 ? null : positionOf(seq)
  }

  async stats(): Promise<BufferStats> {
    const { events, bytes, consumers } = await this.#open().thread.call('stats', [])
    return {
      events,
      bytes,
      lost: 0,
      consumers: consumers.map(({ name, backlog, parked, dead }) => ({ name, backlog, parked, deadLetters: dead })),
    }
  }

  close(): Promise<void> {
    return this.#lifetime.close(async () => {
      const opened = this.#open()
      this.#opened = undefined
      opened.cancelTidy()
      for (const consumer of opened.consumers.values()) consumer.close()
      await opened.thread.close()
    })
  }

  #open(): Opened {
    if (this.#opened === undefined) throw new BufferError('buffer_closed', 'The buffer is not open.')
    return this.#opened
  }

  #noteStored(seq: number): void {
    const opened = this.#opened
    if (opened === undefined || seq <= opened.lastSeq) return
    opened.lastSeq = seq
    // Each takes itself out.
    for (const wake of opened.waiters) wake()
  }

  #scheduleTidy(opened: Opened): void {
    const { clock, dedupeWindowMs, retentionMs } = this.#options
    opened.cancelTidy = clock.schedule(
      TIDY_EVERY_MS,
      () => {
        const tidied = opened.thread.call('tidy', [clock.now(), dedupeWindowMs, retentionMs])
        // What fails here is tried again in a second, and shows where it matters.
        void tidied
          .catch(() => undefined)
          .then(() => {
            if (this.#opened === opened) this.#scheduleTidy(opened)
          })
      },
      { background: true },
    )
  }
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    const fileSystem = nodeFileSystem()
    await fileSystem.makeDirectory(directory)
    refuseLog(directory, await fileSystem.list(directory))
  } catch (cause) {
    throw cause instanceof BufferError ? cause : unusableDirectory(directory, cause)
  }
}

function checkPartition(partition: number): void {
  if (partition !== 0)
    throw new InvalidOptionsError({ path: 'partition', expected: '0: there is one partition', received: partition })
}

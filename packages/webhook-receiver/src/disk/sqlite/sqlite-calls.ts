// What the thread of the buffer and the thread of the database say to each other. Everything can be cloned.
import type { SqliteFailure } from '../../sqlite-kit/sqlite-batch.ts'

/** An event as it is stored. */
export interface EventRow {
  readonly seq: number
  readonly meta: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** An event to be stored. */
export interface NewRow {
  /** See `eventIdentity`. */
  readonly identity: string
  readonly receivedAt: number
  readonly meta: string
  readonly body: Uint8Array
}

/** Attempts of an event, by number. */
export interface RetryRow {
  readonly seq: number
  readonly attempts: number
  readonly nextAt: number
}

/** An event that is set aside, without the event itself. `failure` is JSON. */
export interface AsideRow extends RetryRow {
  readonly lane: string
  readonly redrives: number
  readonly failure: string | null
}

/** A lane with parked events. */
export interface LaneRow {
  readonly lane: string
  readonly events: number
  readonly bytes: number
  readonly head: AsideRow
}

export interface ConsumerRow {
  readonly name: string
  readonly backlog: number
  readonly parked: number
  readonly dead: number
}

/** The methods of the database, with what they take and give. Those that change something are one unit each. */
export interface SqliteCalls {
  append(rows: readonly NewRow[], now: number, windowMs: number): { readonly seq: number; readonly isNew: boolean }[]
  read(after: number, limit: number, maxBytes: number): EventRow[]
  seqBefore(at: number): number
  lastSeq(): number
  openConsumer(name: string, from: 'earliest' | 'latest'): void
  removeConsumer(name: string): void
  load(name: string): { readonly low: number; readonly done: number[]; readonly retries: RetryRow[] }
  commit(name: string, done: readonly number[], retries: readonly RetryRow[]): void
  park(name: string, rows: readonly AsideRow[]): void
  bury(name: string, rows: readonly AsideRow[]): void
  parkedLanes(name: string): LaneRow[]
  readParked(name: string, lane: string, limit: number, maxBytes: number): (AsideRow & EventRow)[]
  readDead(name: string, after: number, limit: number): (AsideRow & EventRow & { readonly place: number })[]
  deadLanes(name: string): string[]
  redrive(name: string, seqs: readonly number[]): number
  purge(name: string, seqs: readonly number[]): number
  stats(): { readonly events: number; readonly bytes: number; readonly consumers: ConsumerRow[] }
  /** Deletes what nobody needs any more. */
  tidy(now: number, windowMs: number, minAgeMs: number): void
}

export type SqliteMethod = keyof SqliteCalls

/** One call in a batch. */
export interface SqliteRequest {
  readonly method: SqliteMethod
  readonly args: readonly unknown[]
}

/** What the thread of the database is started with. */
export interface SqliteThreadData {
  readonly path: string
}

/** What it says first. */
export type SqliteHello =
  | { readonly kind: 'open'; readonly epoch: number }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'failure'; readonly failure: SqliteFailure }

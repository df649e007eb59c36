import type { NewEvent } from '../buffer/event-buffer.ts'

/** A record to be appended: compact JSON, then bytes as they came. */
export interface RecordInput {
  readonly meta: string
  readonly metaBytes: number
  readonly body: Uint8Array
  /** What was done to the body, see `recordFlags`; nothing without it. */
  readonly flags?: number
  /** What it is the record of, for reads that wait for just that. Without it they read the file. */
  readonly event?: NewEvent
}

import type { AttemptRecord, IntegrationError } from '../errors/integration-error.ts'
import type { RetryStop } from '../events/core-event-map.ts'
import type { WaitRecord } from './call-record.ts'
import type { Decision } from './decision.ts'

/** What Holdfast did for a call, and why. */
export interface Explanation {
  /** The id that the events of the call carry. */
  readonly callId: number
  /** `METHOD https://host/path`, query removed. */
  readonly endpoint: string
  readonly integration?: string
  readonly connection?: string
  /** Wall-clock time at which the call began, ms since the epoch. */
  readonly at: number
  /** From the begin of the call until its promise settled, in milliseconds. */
  readonly durationMs: number
  /** Every attempt in order; empty when nothing was sent. */
  readonly attempts: readonly AttemptRecord[]
  /** Every wait in order. */
  readonly waits: readonly WaitRecord[]
  /** What was decided between the attempts, and why, in order; empty when the first attempt settled the call. */
  readonly decisions: readonly Decision[]
  /** Why the failure was not, or not any more, retried. Absent when the call succeeded. */
  readonly stop?: RetryStop
  /** Key that made the write repeatable, whether generated or the caller's. */
  readonly idempotencyKey?: string
  /** What went wrong. Absent when the call succeeded. */
  readonly error?: IntegrationError
  /** The story in a few lines, which `console.log` prints too. `JSON.stringify` gives the plain data. */
  toString(): string
}

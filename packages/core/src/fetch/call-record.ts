import type { Connector } from '../connectors/connector.ts'
import type { AttemptRecord, IntegrationErrorInit } from '../errors/integration-error.ts'
import type { RetryStop } from '../events/core-event-map.ts'

/** A wait that Holdfast put into a call. */
export interface WaitRecord {
  readonly kind: 'backoff' | 'rate_limit' | 'bulkhead'
  readonly waitedMs: number
}

/** What is kept of a call for `explain` after it is over. Holds neither the body nor the headers of the request. */
export interface CallRecord {
  readonly callId: number
  readonly method: string
  readonly url: string
  readonly integration: string | undefined
  readonly connector: Connector | undefined
  readonly connection: string | undefined
  /** Wall-clock time of the begin, ms since the epoch. */
  readonly at: number
  attempts: readonly AttemptRecord[]
  waits: readonly WaitRecord[]
  idempotencyKey: string | undefined
  durationMs: number
  stop: RetryStop | undefined
  failure: IntegrationErrorInit | undefined
}

/** The facts of a call that an `IntegrationError` about it carries. */
export function callFactsOf(record: CallRecord): Partial<IntegrationErrorInit> {
  const { integration, connection, idempotencyKey } = record
  return {
    attempts: [...record.attempts],
    endpoint: `${record.method} ${record.url}`,
    at: record.at,
    ...(integration === undefined ? {} : { integration }),
    ...(connection === undefined ? {} : { connection }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

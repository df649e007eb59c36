import type { Connector } from '../connectors/connector.ts'
import type { AttemptRecord, IntegrationErrorInit } from '../errors/integration-error.ts'
import type { RetryStop } from '../events/core-event-map.ts'
import type { Clock } from '../time/clock.ts'
import type { CallSignal } from '../timeout/call-signal.ts'
import type { Decision } from './decision.ts'

// Most calls wait for nothing and have no attempt yet: their lists are made when there is something to put in.
const none: readonly never[] = Object.freeze([])

/** A wait that Holdfast put into a call. */
export interface WaitRecord {
  readonly kind: 'backoff' | 'rate_limit' | 'bulkhead' | 'state'
  readonly waitedMs: number
}

/** What is kept of a call for `explain` after it is over. Holds neither the body nor the headers of the request. */
export class CallRecord {
  readonly callId: number
  readonly method: string
  readonly url: string
  attempts: readonly AttemptRecord[] = none
  waits: readonly WaitRecord[] = none
  decisions: readonly Decision[] = none
  idempotencyKey: string | undefined
  durationMs = 0
  stop: RetryStop | undefined
  failure: IntegrationErrorInit | undefined
  /** Whether an attempt may have had an effect: none that never left, or that was turned away, had one. */
  mayHaveActed = false
  /** What the transport still follows while the body of the answer is read; absent where no time is limited. */
  signal: CallSignal | undefined
  /** Monotonic. `Infinity`: none. */
  readonly deadlineAtMs: number
  readonly #caller: RecordedCaller
  readonly #startedAtMs: number
  #at: number | undefined

  /** @param startedAtMs - Monotonic. */
  constructor(
    callId: number,
    method: string,
    url: string,
    startedAtMs: number,
    deadlineAtMs: number,
    caller: RecordedCaller,
  ) {
    this.callId = callId
    this.method = method
    this.url = url
    this.#startedAtMs = startedAtMs
    this.deadlineAtMs = deadlineAtMs
    this.#caller = caller
  }

  /** Whether it is that of a call of this function. */
  isOf(caller: RecordedCaller): boolean {
    return this.#caller === caller
  }

  decide(decision: Decision): void {
    this.decisions = [...this.decisions, decision]
  }

  get clock(): Clock {
    return this.#caller.clock
  }

  get connector(): Connector | undefined {
    return this.#caller.connector
  }

  get connection(): string | undefined {
    return this.#caller.connection
  }

  /** Wall-clock time of the begin, ms since the epoch. Reckoned back when it is asked for, which few calls are. */
  get at(): number {
    const { clock } = this.#caller
    return (this.#at ??= Math.round(clock.now() - (clock.monotonicMs() - this.#startedAtMs)))
  }
}

/** Whose call it was. */
interface RecordedCaller {
  readonly connector: Connector | undefined
  readonly connection: string | undefined
  readonly clock: Clock
}

/** The facts of a call that an `IntegrationError` about it carries. */
export function callFactsOf(record: CallRecord): Partial<IntegrationErrorInit> {
  const { connector, connection, idempotencyKey } = record
  return {
    attempts: [...record.attempts],
    endpoint: `${record.method} ${record.url}`,
    at: record.at,
    ...(connector === undefined ? {} : { integration: connector.id }),
    ...(connection === undefined ? {} : { connection }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

import { join } from 'node:path'
import { isAcknowledged } from './audit.ts'
import { seconds } from './format.ts'
import { timeline } from './timeline.ts'
import {
  type ApplicationLine,
  type BreakerState,
  followRecord,
  type LedgerLine,
  type SenderLine,
  type UpstreamLine,
} from './records.ts'

/** Where the records of a run are. */
export function recordPaths(
  directory: string,
): Readonly<Record<'sender' | 'upstream' | 'ledger' | 'application', string>> {
  const path = (name: string): string => join(directory, `${name}.jsonl`)
  return {
    sender: path('sender'),
    upstream: path('upstream'),
    ledger: path('ledger'),
    application: path('application'),
  }
}

/** Where events are delivered to. */
export type DestinationName = 'fulfilment' | 'ledger'

/** What the records say so far. */
export class Progress {
  sent = 0
  refused = 0
  unanswered = 0
  upstream429 = 0
  waits = 0
  breaker: BreakerState = 'closed'
  readonly acknowledged = new Set<string>()
  readonly delivered = { fulfilment: new Set<string>(), ledger: new Set<string>() }
  readonly mode: Record<string, string> = {}
  readonly #onIncident: (text: string) => void
  readonly #sender: () => SenderLine[]
  readonly #upstream: () => UpstreamLine[]
  readonly #ledger: () => LedgerLine[]
  readonly #application: () => ApplicationLine[]
  #quietUntil = 0
  #remaining = 0
  #resetAt = 0

  /** @param onIncident - told in words about what is worth a line of its own. */
  constructor(directory: string, onIncident: (text: string) => void) {
    const paths = recordPaths(directory)
    this.#sender = followRecord(paths.sender)
    this.#upstream = followRecord(paths.upstream)
    this.#ledger = followRecord(paths.ledger)
    this.#application = followRecord(paths.application)
    this.#onIncident = onIncident
  }

  /** Calls that the API still allows in this second. */
  get allowed(): number {
    return Date.now() < this.#resetAt ? this.#remaining : timeline.limit.calls
  }

  /** Acknowledged events that a destination does not have yet. */
  backlog(destination: DestinationName): number {
    return Math.max(0, this.acknowledged.size - this.delivered[destination].size)
  }

  /** Reads what the processes wrote since the last time. */
  update(): void {
    for (const { delivery, status } of this.#sender()) {
      this.sent++
      if (isAcknowledged(status)) this.acknowledged.add(delivery)
      else if (status === 401) this.refused++
      else this.unanswered++
    }
    for (const { delivery } of this.#ledger()) this.delivered.ledger.add(delivery)
    for (const { delivery, status, remaining, resetAt } of this.#upstream()) {
      this.#remaining = remaining
      this.#resetAt = resetAt
      if (status === 200) this.delivered.fulfilment.add(delivery)
      if (status === 429) this.upstream429++
    }
    for (const line of this.#application()) this.#applicationSays(line)
  }

  #applicationSays(line: ApplicationLine): void {
    if (line.what === 'opened' && this.sent > 0) {
      const missing = line.missing === 0 ? 'nothing is missing' : `${line.missing} events are missing`
      this.#onIncident(`the inbox on disk was opened in ${Math.ceil(line.durationMs)} ms: ${missing}`)
    }
    if (line.what === 'mode') this.mode[line.destination] = line.mode
    if (line.what === 'waiting') {
      this.waits++
      // Every call that waits says so; one line for all of them is enough.
      if (line.at > this.#quietUntil) this.#onIncident(`the API's limit is used up: calls wait ${seconds(line.waitMs)}`)
      this.#quietUntil = line.at + 3_000
    }
    if (line.what === 'breaker') {
      this.breaker = line.state
      this.#onIncident(breakerStories[line.state])
    }
  }
}

const breakerStories: Readonly<Record<BreakerState, string>> = {
  open: 'breaker open: the API fails too often and is left alone for a while',
  'half-open': 'breaker half-open: a few calls try whether the API is back',
  closed: 'breaker closed: the API answers again',
}

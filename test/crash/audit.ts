import type { DeliveryRecord } from './delivery-log.ts'

/** What can be wrong with a delivery. */
export type ViolationKind =
  /** An acknowledged event whose handler never finished. */
  | 'lost'
  /** An event was started before one that was acknowledged earlier. */
  | 'reordered'
  /** Two handlers of one key were at work at once. */
  | 'overlapping'
  /** A handler ran again although its ack must have been written. */
  | 'redelivered'
  /** More handlers were at work at once than the destination allows. */
  | 'too_many_at_work'
  /** A kill brought back more events than the destination can have had without a written ack. */
  | 'too_many_redeliveries'
  /** An event that nobody sent. */
  | 'phantom'
  /** The handler saw other bytes than were sent. */
  | 'corrupted'
  /** One event had two ids. */
  | 'unstable_id'

export interface Violation {
  readonly kind: ViolationKind
  readonly run: number
  readonly destination: string
  readonly key: string
  readonly seq: number
  readonly detail: string
}

/** What the audit has to know about a destination. */
export interface AuditedDestination {
  readonly concurrency: number
  /** Events that a kill may bring back. */
  readonly redeliveriesPerKill: number
  /** `key`: order holds within a key. `total`: it holds over all events. */
  readonly order: 'key' | 'total'
}

/** How a run of the victim ended. */
export type RunEnd = 'killed' | 'stopped'

/** How much of what was seen; the crash test is only worth what it hit. */
export interface AuditCounts {
  readonly sent: number
  readonly acknowledged: number
  readonly started: Readonly<Record<string, number>>
  readonly redelivered: Readonly<Record<string, number>>
  /** The most that one kill brought back. */
  readonly redeliveredAtMost: Readonly<Record<string, number>>
  readonly retried: Readonly<Record<string, number>>
}

/**
 * Compares what was acknowledged to the senders with what the handlers saw. It is fed while the test runs, in the order in
 * which things happened, and keeps one small state per key and destination.
 */
export interface Audit {
  /** The sender is about to send the event for the first time. Sequence numbers of a key count from 1. */
  sent(key: string, seq: number, digest: string): void
  /** The sender got a 2xx. */
  acknowledged(key: string, seq: number): void
  /** A handler wrote a record. */
  delivered(record: DeliveryRecord): void
  /** The victim is gone, and all of its records were given to `delivered`. */
  ended(run: number, how: RunEnd): void
  /** After the last run: everything acknowledged has to be delivered. */
  finish(run: number): void
  readonly violations: readonly Violation[]
  counts(): AuditCounts
}

interface SentEvent {
  readonly digest: string
  /** Ticks of the audit's own clock. */
  readonly sentAt: number
  acknowledgedAt: number
  id?: string
}

/**
 * Where a destination is in a key. Event `seq` was the last one started, in run `run`.
 *
 * `working`: its handler is at work, or was when the run ended. `failed`: its handler threw; it has to be repeated before
 * the key goes on. `done`: its handler resolved; the key may go on, because the ack is written before the successor starts.
 */
interface Lane {
  seq: number
  run: number
  state: 'working' | 'failed' | 'done'
}

interface DestinationState extends AuditedDestination {
  readonly name: string
  readonly lanes: Map<string, Lane>
  atWork: { run: number; count: number }
  /** Redeliveries by the run in which the delivery before was started. */
  readonly redeliveries: Map<number, number>
  /** The latest sent of the events started so far: nothing acknowledged before that may still be started. */
  latest?: { readonly key: string; readonly seq: number; readonly sentAt: number }
  started: number
  redelivered: number
  retried: number
}

export function createAudit(destinations: Readonly<Record<string, AuditedDestination>>): Audit {
  const sentByKey = new Map<string, SentEvent[]>()
  const states = new Map<string, DestinationState>()
  for (const [name, destination] of Object.entries(destinations)) {
    states.set(name, {
      ...destination,
      name,
      lanes: new Map(),
      atWork: { run: 0, count: 0 },
      redeliveries: new Map(),
      started: 0,
      redelivered: 0,
      retried: 0,
    })
  }
  const endings = new Map<number, RunEnd>()
  const violations: Violation[] = []
  let ticks = 0
  let sentCount = 0
  let acknowledgedCount = 0

  function report(kind: ViolationKind, record: Omit<Violation, 'kind' | 'detail'>, detail: string): void {
    const { run, destination, key, seq } = record
    violations.push({ kind, run, destination, key, seq, detail })
  }

  function sentEvent(key: string, seq: number): SentEvent | undefined {
    return sentByKey.get(key)?.[seq - 1]
  }

  function checkContent(record: DeliveryRecord, event: SentEvent): void {
    if (record.digest !== event.digest) {
      report('corrupted', record, `body hash ${record.digest}, sent ${event.digest}`)
    }
    event.id ??= record.id
    if (record.id !== event.id) report('unstable_id', record, `id ${record.id}, earlier ${event.id}`)
  }

  function checkArrivalOrder(state: DestinationState, record: DeliveryRecord, event: SentEvent): void {
    if (state.order !== 'total') return
    const { latest } = state
    if (latest !== undefined && event.acknowledgedAt < latest.sentAt) {
      report('reordered', record, `started after ${latest.key}/${latest.seq}, which was sent after its acknowledgement`)
    }
    if (latest === undefined || event.sentAt > latest.sentAt) {
      state.latest = { key: record.key, seq: record.seq, sentAt: event.sentAt }
    }
  }

  function countAtWork(state: DestinationState, record: DeliveryRecord): void {
    if (state.atWork.run !== record.run) state.atWork = { run: record.run, count: 0 }
    state.atWork.count += record.kind === 'start' ? 1 : -1
    if (record.kind === 'start' && state.atWork.count === state.concurrency + 1) {
      report('too_many_at_work', record, `more than ${state.concurrency} handlers were at work`)
    }
  }

  function startFirst(state: DestinationState, lane: Lane | undefined, record: DeliveryRecord): void {
    if (lane !== undefined && lane.state !== 'done') {
      if (lane.state === 'working' && lane.run === record.run) {
        report('overlapping', record, `the handler of ${lane.seq} is still at work`)
      } else {
        report(
          'lost',
          { ...record, seq: lane.seq },
          `its handler never finished (${lane.state}), ${record.seq} started`,
        )
      }
    }
    state.started += 1
  }

  function startAgain(state: DestinationState, lane: Lane, record: DeliveryRecord): void {
    if (lane.run === record.run) {
      if (lane.state === 'failed') state.retried += 1
      else if (lane.state === 'working') report('overlapping', record, 'its own first handler is still at work')
      else report('redelivered', record, 'its handler had finished in the same run')
      return
    }
    if (lane.state === 'failed') {
      state.retried += 1
      return
    }
    state.redelivered += 1
    if (endings.get(lane.run) === 'stopped') {
      report('redelivered', record, `its handler was ${lane.state} in run ${lane.run}, which stopped gracefully`)
      return
    }
    const count = (state.redeliveries.get(lane.run) ?? 0) + 1
    state.redeliveries.set(lane.run, count)
    if (count === state.redeliveriesPerKill + 1) {
      report(
        'too_many_redeliveries',
        record,
        `more than ${state.redeliveriesPerKill} after the kill of run ${lane.run}`,
      )
    }
  }

  function started(state: DestinationState, record: DeliveryRecord): void {
    const event = sentEvent(record.key, record.seq)
    if (event === undefined) {
      report('phantom', record, `nobody sent it; body hash ${record.digest}`)
      return
    }
    checkContent(record, event)
    const lane = state.lanes.get(record.key)
    const last = lane?.seq ?? 0
    if (record.seq < last) {
      report('redelivered', record, `its successors up to ${last} had been started`)
      return
    }
    if (lane !== undefined && record.seq === last) startAgain(state, lane, record)
    else {
      if (record.seq > last + 1) report('reordered', record, `${last + 1} was not started before it`)
      startFirst(state, lane, record)
      checkArrivalOrder(state, record, event)
    }
    state.lanes.set(record.key, { seq: record.seq, run: record.run, state: 'working' })
  }

  return {
    violations,
    sent(key, seq, digest) {
      const events = sentByKey.get(key) ?? []
      if (events.length !== seq - 1) throw new Error(`sequence numbers of ${key} must be dense, got ${seq}`)
      events.push({ digest, sentAt: ++ticks, acknowledgedAt: Infinity })
      sentByKey.set(key, events)
      sentCount += 1
    },
    acknowledged(key, seq) {
      const event = sentEvent(key, seq)
      if (event === undefined) throw new Error(`${key}/${seq} was never sent`)
      if (event.acknowledgedAt !== Infinity) return
      event.acknowledgedAt = ++ticks
      acknowledgedCount += 1
    },
    delivered(record) {
      const state = states.get(record.destination)
      if (state === undefined) throw new Error(`unknown destination ${record.destination}`)
      countAtWork(state, record)
      if (record.kind === 'start') {
        started(state, record)
        return
      }
      const lane = state.lanes.get(record.key)
      if (lane !== undefined && lane.seq === record.seq) lane.state = record.kind === 'done' ? 'done' : 'failed'
    },
    ended(run, how) {
      endings.set(run, how)
    },
    finish(run) {
      for (const [key, events] of sentByKey) {
        for (const state of states.values()) {
          const lane = state.lanes.get(key)
          const finished = lane === undefined ? 0 : lane.state === 'done' ? lane.seq : lane.seq - 1
          for (let seq = finished + 1; seq <= events.length; seq += 1) {
            if (events[seq - 1]?.acknowledgedAt === Infinity) continue
            report('lost', { run, destination: state.name, key, seq }, 'acknowledged, its handler never finished')
          }
        }
      }
    },
    counts() {
      const all = [...states.values()]
      return {
        sent: sentCount,
        acknowledged: acknowledgedCount,
        started: Object.fromEntries(all.map((state) => [state.name, state.started])),
        redelivered: Object.fromEntries(all.map((state) => [state.name, state.redelivered])),
        redeliveredAtMost: Object.fromEntries(
          all.map((state) => [state.name, Math.max(0, ...state.redeliveries.values())]),
        ),
        retried: Object.fromEntries(all.map((state) => [state.name, state.retried])),
      }
    },
  }
}

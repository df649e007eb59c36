import type { Records } from './records.ts'

/** What became of the acknowledged events at one destination. */
export interface DestinationFigures {
  /** Distinct acknowledged events that arrived. */
  readonly delivered: number
  /** Acknowledged events that never arrived. */
  readonly lost: number
  /** Events that arrived after one that the same customer sent later. */
  readonly outOfOrder: number
  /** Second arrivals of an event: its first ended in the kill, before the destination could be told that it was done. */
  readonly again: number
  /** Events whose bytes are not those that were sent. */
  readonly altered: number
  /** Events that arrived and were never acknowledged to the sender. */
  readonly unasked: number
}

/** Every figure of the table. */
export interface Figures {
  /** Requests of the sender. */
  readonly sent: number
  /** Requests answered with 2xx. */
  readonly acknowledged: number
  /** Requests answered with 401. */
  readonly refused: number
  /** Requests that got no answer or a 5xx; each was sent again. */
  readonly unanswered: number
  /** Distinct events that were acknowledged. */
  readonly events: number
  /** Acknowledged requests that repeated an event and were not stored a second time. */
  readonly duplicatesDropped: number
  /** Events stored a second time although they were repeats. */
  readonly duplicatesStored: number
  readonly forgeriesAccepted: number
  readonly genuineRefused: number
  readonly destinations: Readonly<Record<'fulfilment' | 'ledger', DestinationFigures>>
  readonly upstreamCalls: number
  readonly upstreamOk: number
  readonly upstream429: number
  readonly upstream503: number
  readonly waits: number
  readonly longestWaitMs: number
  readonly breakerOpenings: number
  /** Times the application started again without having stopped. */
  readonly kills: number
}

interface Arrival {
  readonly delivery: string
  readonly sha256: string
}

/** Counts every figure from what the processes wrote down, and from nothing else. */
export function audit({ sender, upstream, ledger, application }: Records): Figures {
  const acknowledgements = sender.filter(({ status }) => isAcknowledged(status))
  const acknowledged = new Map<string, { customer: string; place: number; sha256: string }>()
  for (const { delivery, customer, sha256 } of acknowledgements) {
    if (!acknowledged.has(delivery)) acknowledged.set(delivery, { customer, sha256, place: acknowledged.size })
  }
  const refusals = sender.filter(({ status }) => status === 401)
  const positions = new Set(ledger.map(({ delivery, position }) => `${delivery} ${position}`))
  const duplicatesStored = positions.size - new Set(ledger.map(({ delivery }) => delivery)).size
  const upstreamOk = upstream.filter(({ status }) => status === 200)
  const lives = application.map(({ what }) => what).filter((what) => what === 'started' || what === 'stopped')
  const waits = application.filter((line) => line.what === 'waiting').map(({ waitMs }) => waitMs)

  const at = (arrivals: readonly Arrival[]): DestinationFigures => {
    const arrived = new Set<string>()
    const latestPlace = new Map<string, number>()
    let outOfOrder = 0
    let altered = 0
    let unasked = 0
    for (const { delivery, sha256 } of arrivals) {
      const original = acknowledged.get(delivery)
      if (original === undefined) unasked++
      if (original === undefined || arrived.has(delivery)) continue
      arrived.add(delivery)
      if (sha256 !== original.sha256) altered++
      const latest = latestPlace.get(original.customer) ?? -1
      if (original.place < latest) outOfOrder++
      else latestPlace.set(original.customer, original.place)
    }
    return {
      delivered: arrived.size,
      lost: acknowledged.size - arrived.size,
      outOfOrder,
      again: arrivals.length - arrived.size - unasked,
      altered,
      unasked,
    }
  }

  return {
    sent: sender.length,
    acknowledged: acknowledgements.length,
    refused: refusals.length,
    unanswered: sender.length - acknowledgements.length - refusals.length,
    events: acknowledged.size,
    duplicatesDropped: acknowledgements.length - acknowledged.size - duplicatesStored,
    duplicatesStored,
    forgeriesAccepted: acknowledgements.filter(({ kind }) => kind === 'forged').length,
    genuineRefused: refusals.filter(({ kind }) => kind !== 'forged').length,
    destinations: { fulfilment: at(upstreamOk), ledger: at(ledger) },
    upstreamCalls: upstream.length,
    upstreamOk: upstreamOk.length,
    upstream429: upstream.filter(({ status }) => status === 429).length,
    upstream503: upstream.filter(({ status }) => status === 503).length,
    waits: waits.length,
    longestWaitMs: Math.max(0, ...waits),
    breakerOpenings: application.filter((line) => line.what === 'breaker' && line.state === 'open').length,
    kills: lives.filter((what, index) => what === 'started' && lives[index - 1] === 'started').length,
  }
}

/** Whether an answer means that the event is the receiver's from now on. */
export function isAcknowledged(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300
}

/** What a run must show, as sentences about what it did not; empty when all is well. */
export function faults(figures: Figures): string[] {
  const found: string[] = []
  const none = (count: number, what: string): void => {
    if (count !== 0) found.push(`${count} ${what}`)
  }
  for (const [name, destination] of Object.entries(figures.destinations)) {
    none(destination.lost, `acknowledged and not delivered to ${name}`)
    none(destination.outOfOrder, `delivered to ${name} out of order within a customer`)
    none(destination.altered, `delivered to ${name} with other bytes than were sent`)
    none(destination.unasked, `delivered to ${name} without having been acknowledged`)
  }
  none(figures.duplicatesStored, 'duplicates stored as new events')
  none(figures.forgeriesAccepted, 'requests with a wrong signature accepted')
  none(figures.genuineRefused, 'requests with a right signature refused')
  if (figures.events < 1_000) found.push(`only ${figures.events} events acknowledged; 1,000 are the least`)
  if (figures.kills !== 1) found.push(`${figures.kills} kills in the application's record; 1 was planned`)
  return found
}

import type { DeadLetter, FailureInfo, ParkedEvent, ParkedLane } from '@holdfast/webhook-receiver'
import { positionOf, seqOf } from '@holdfast/webhook-receiver/buffer-kit'
import { eventOf } from './event-record.ts'
import type { SqlRow } from './sql-client.ts'
import { readText, storedText } from './text.ts'

/** An event that is to be parked, as an item of the function `park`. The event itself is in the database. */
export function parkedItem({ event, lane, redrives, attempts, nextAt, blocked }: ParkedEvent): object {
  return {
    seq: seqOf(event.position),
    lane: storedText(lane),
    redrives,
    attempts,
    next_at: nextAt,
    blocked: blocked === undefined ? null : JSON.stringify(blocked),
  }
}

/** A letter, as an item of the function `bury`. */
export function letterItem({ event, lane, redrives, why }: DeadLetter): object {
  return { seq: seqOf(event.position), lane: storedText(lane), redrives, at: why.at, why: JSON.stringify(why) }
}

/** The parked event of a row. */
export function parkedOf(partition: number, lane: string, row: SqlRow): ParkedEvent {
  return { event: eventOf(partition, row), lane, redrives: Number(row.redrives), ...stateOf(row) }
}

/** The lane of a row. */
export function laneOf(row: SqlRow): ParkedLane {
  return {
    lane: readText(String(row.lane)),
    events: Number(row.events),
    bytes: Number(row.bytes),
    head: { position: positionOf(Number(row.seq)), ...stateOf(row) },
  }
}

/** The letter of a row. */
export function letterOf(row: SqlRow): DeadLetter {
  return {
    event: eventOf(Number(row.part), row),
    lane: readText(String(row.lane)),
    redrives: Number(row.redrives),
    why: JSON.parse(String(row.why)) as FailureInfo,
  }
}

function stateOf({ attempts, next, blocked }: SqlRow): Pick<ParkedEvent, 'attempts' | 'nextAt' | 'blocked'> {
  return {
    attempts: Number(attempts),
    nextAt: Number(next),
    ...(typeof blocked === 'string' ? { blocked: JSON.parse(blocked) as FailureInfo } : {}),
  }
}

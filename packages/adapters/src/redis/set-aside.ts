import type { DeadLetter, FailureInfo, ParkedEvent, StoredEvent } from '@holdfast/webhook-receiver'
import { encodeEventMeta, seqOf } from '@holdfast/webhook-receiver/buffer-kit'
import type { ScriptArgument } from './script.ts'
import { eventOf } from './event-record.ts'

/** The arguments of `parkScript` for one event. */
export function parkedArguments({ event, lane, redrives, attempts, nextAt, blocked }: ParkedEvent): ScriptArgument[] {
  const state = `${attempts} ${nextAt} ${redrives}`
  return [
    String(seqOf(event.position)),
    lane,
    state,
    blocked === undefined ? '' : JSON.stringify(blocked),
    String(event.body.byteLength),
    asideRecord(event),
  ]
}

/** The arguments of `deadLetterScript` for one letter. */
export function letterArguments({ event, lane, redrives, why }: DeadLetter): ScriptArgument[] {
  return [
    String(seqOf(event.position)),
    lane,
    `${redrives} ${event.body.byteLength} ${JSON.stringify(why)}`,
    String(why.at),
    asideRecord(event),
  ]
}

/** What is known of a parked event beside it, from its state and what blocks it. */
export function parkedState(
  state: Buffer,
  blocked: Buffer | null,
): Pick<ParkedEvent, 'attempts' | 'nextAt' | 'redrives' | 'blocked'> {
  const [attempts, nextAt, redrives] = String(state).split(' ').map(Number) as [number, number, number]
  return {
    attempts,
    nextAt,
    redrives,
    ...(blocked === null ? {} : { blocked: JSON.parse(String(blocked)) as FailureInfo }),
  }
}

/** A dead letter from its lane, its text and its record. */
export function letterOf(partition: number, [id, lane, text, record]: readonly Buffer[]): DeadLetter {
  const [, redrives, why] = /^(\d+) \d+ (.*)$/s.exec(String(text)) ?? []
  return {
    event: eventOfRecord(partition, Number(String(id)), record as Buffer),
    lane: String(lane),
    redrives: Number(redrives),
    why: JSON.parse(why ?? '') as FailureInfo,
  }
}

/** The event of a record that is kept beside the log. */
export function eventOfRecord(partition: number, seq: number, record: Buffer): StoredEvent {
  const metaEnd = 4 + record.readUInt32LE(0)
  return eventOf(partition, seq, record.subarray(4, metaEnd), record.subarray(metaEnd))
}

function asideRecord(event: StoredEvent): Buffer {
  const meta = Buffer.from(encodeEventMeta(event))
  const head = Buffer.alloc(4)
  head.writeUInt32LE(meta.byteLength)
  return Buffer.concat([head, meta, event.body])
}

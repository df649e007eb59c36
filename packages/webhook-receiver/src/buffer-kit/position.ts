import type { Position } from '../buffer/event-buffer.ts'

// Wide enough for every safe integer, so that positions compare as strings in the order of the log.
const POSITION_DIGITS = 16

/** Position of the event with the number `seq`. Numbers begin with 1 and have no gaps. */
export function positionOf(seq: number): Position {
  return String(seq).padStart(POSITION_DIGITS, '0')
}

/** Number of the event at a position of `positionOf`; 0 for the start. */
export function seqOf(position: Position | null): number {
  return position === null ? 0 : Number(position)
}

/** Position of the last event that is done; `null` when none is. */
export function positionUpTo(seq: number): Position | null {
  return seq === 0 ? null : positionOf(seq)
}

/** Partition of a key, from 0 to `partitions - 1`. The same in every process and for good: FNV-1a, 32 bit. */
export function partitionOf(key: string, partitions: number): number {
  let value = 0x811c9dc5
  for (let index = 0; index < key.length; index++) value = Math.imul(value ^ key.charCodeAt(index), 0x01000193)
  return (value >>> 0) % partitions
}

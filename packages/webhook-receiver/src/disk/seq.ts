import type { Position } from '../buffer/event-buffer.ts'

/** Sequence numbers are dense from 1 and stay below 2^53, so plain numbers hold them exactly. */
export interface SeqRange {
  readonly from: number
  /** Inclusive. */
  readonly to: number
}

const POSITION_DIGITS = 16
const ZEROS = '0'.repeat(POSITION_DIGITS)

/** The position of a sequence number: 16 hex digits, so that positions compare as strings. */
export function positionOf(seq: number): Position {
  const digits = seq.toString(16)
  return ZEROS.slice(digits.length) + digits
}

/** The sequence number of a position, or `undefined` when it is none. */
export function seqOf(position: Position): number | undefined {
  if (position.length !== POSITION_DIGITS) return undefined
  let seq = 0
  for (let index = 0; index < POSITION_DIGITS; index++) seq = seq * 16 + valueOfDigit(position.charCodeAt(index))
  return Number.isSafeInteger(seq) && seq >= 1 ? seq : undefined
}

/** What a lower-case hex digit stands for; not a number for anything else. */
function valueOfDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x61 + 10 : Number.NaN
}

/** Number of sequence numbers in the ranges. */
export function countOf(ranges: readonly SeqRange[]): number {
  return ranges.reduce((sum, range) => sum + range.to - range.from + 1, 0)
}

/** Ranges in order, without overlap, neighbours joined. */
export function mergeRanges(ranges: readonly SeqRange[]): SeqRange[] {
  const merged: SeqRange[] = []
  for (const range of ranges.toSorted((left, right) => left.from - right.from)) {
    const last = merged.at(-1)
    if (last !== undefined && range.from <= last.to + 1)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
    else merged.push(range)
  }
  return merged
}

/** What of `ranges` is not in `known`; both merged. */
export function subtractRanges(ranges: readonly SeqRange[], known: readonly SeqRange[]): SeqRange[] {
  const left: SeqRange[] = []
  for (const range of ranges) {
    let from = range.from
    for (const other of known) {
      if (other.to < from || other.from > range.to) continue
      if (other.from > from) left.push({ from, to: other.from - 1 })
      from = other.to + 1
    }
    if (from <= range.to) left.push({ from, to: range.to })
  }
  return left
}

const TWO_POW_32 = 2 ** 32

/** Writes an integer below 2^53 as 64 bits, little endian, without BigInt. */
export function writeUint53(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % TWO_POW_32, offset)
  target.writeUInt32LE(Math.floor(value / TWO_POW_32), offset + 4)
}

/** Reads what `writeUint53` wrote. Larger than `Number.MAX_SAFE_INTEGER` means that it was something else. */
export function readUint53(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * TWO_POW_32
}

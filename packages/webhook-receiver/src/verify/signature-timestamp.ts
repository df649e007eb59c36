import type { SignatureSource, SignatureTimestamp, TimeFormat } from '@holdfast/core'
import type { RequestReader } from './request-reader.ts'
import { addValuesOfKey, itemAt } from './signature-format.ts'
import { duplicateReason, missingReason } from './signature-source.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** The time of signing: as it came, and in milliseconds since the epoch. */
export interface SignedTime {
  readonly text: string
  readonly ms: number
}

/** Reads the time of signing of a request. */
export type TimestampReader = (reader: RequestReader) => SignedTime | VerifyFailureReason

/** Prepares where the time of signing is read; where it shares a value with the signature, by the separators of that. */
export function compileTimestamp(timestamp: SignatureTimestamp, signature: SignatureSource): TimestampReader {
  const { format, key, index } = timestamp
  const separator = separatorOf(signature)
  const start = `${key ?? ''}${pairSeparatorOf(signature)}`
  const pick = (value: string): readonly string[] => {
    if (key !== undefined) {
      const found: string[] = []
      addValuesOfKey(found, value, separator, start)
      return found
    }
    if (index === undefined) return [value]
    const item = itemAt(value, separator, index)
    return item === undefined ? [] : [item]
  }
  const isList = key !== undefined || index !== undefined

  return (reader) => {
    const values = reader.values(timestamp)
    if (values.length === 0) return missingReason(timestamp.from)
    if (values.length > 1 && !isList) return duplicateReason(timestamp.from)
    const texts = values.length === 1 ? pick(values[0] as string) : values.flatMap(pick)
    const [text] = texts
    const ms = text === undefined ? undefined : parseTimestampMs(text, format)
    // With two times nobody could say which of them a signature belongs to.
    return text === undefined || ms === undefined || texts.length > 1 ? 'malformed_timestamp' : { text, ms }
  }
}

// A whole number that a double holds exactly; the year 33658 in milliseconds.
const MAX_DIGITS = 15
// In milliseconds the year 1973, in seconds the year 5138: nothing is signed in between.
const MIN_EPOCH_MS = 100_000_000_000

/** Reads a time strictly, in milliseconds since the epoch. */
export function parseTimestampMs(text: string, format: TimeFormat): number | undefined {
  if (format === 'rfc3339') return parseRfc3339Ms(text)
  const value = parseDigits(text)
  if (value === undefined) return undefined
  return format === 'epoch_ms' || (format === 'epoch' && value >= MIN_EPOCH_MS) ? value : value * 1000
}

/** Judges a time against the arrival time, both ways. Exactly at the tolerance is still good. */
export function judgeTimestamp(
  timestampMs: number,
  receivedAt: number,
  toleranceMs: number,
): 'stale_timestamp' | 'future_timestamp' | undefined {
  const ageMs = receivedAt - timestampMs
  // NaN, from an arrival time that is none, compares with nothing and must not pass.
  if (ageMs > toleranceMs || Number.isNaN(ageMs)) return 'stale_timestamp'
  return ageMs < -toleranceMs ? 'future_timestamp' : undefined
}

/** Digits only: no sign, blank, fraction or exponent. */
function parseDigits(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_DIGITS) return undefined
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:)([0-5]\d|60)(?:\.(\d{1,20}))?(Z|[+-]\d\d:\d\d)$/i

function parseRfc3339Ms(text: string): number | undefined {
  const [, date, hoursAndMinutes, seconds, fraction = '', offset] = RFC_3339.exec(text) ?? []
  if (date === undefined) return undefined
  // A leap second is the last one of its minute to everybody who counts without them.
  const wholeSeconds = seconds === '60' ? '59' : seconds
  const ms = Date.parse(
    `${date}T${hoursAndMinutes}${wholeSeconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset?.toUpperCase()}`,
  )
  if (Number.isNaN(ms) || !isDate(date)) return undefined
  return ms
}

/** Whether the day exists: `Date.parse` takes the 31st of every month. */
function isDate(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
}

/** What separates the items of the value that time and signature share. */
export function separatorOf({ format }: SignatureSource): string {
  return format !== undefined && 'separator' in format ? format.separator : ','
}

/** What stands between key and value in it. */
export function pairSeparatorOf({ format }: SignatureSource): string {
  return format?.kind === 'keyValue' ? (format.pairSeparator ?? '=') : '='
}

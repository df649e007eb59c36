import type { SignatureTimestamp } from '@holdfast/core'

// A whole number that a double holds exactly; the year 33658 in milliseconds.
const MAX_DIGITS = 15

/** Reads a timestamp strictly, in milliseconds since the epoch. Signs, blanks, fractions and dates are refused. */
export function parseTimestampMs(text: string, unit: SignatureTimestamp['unit']): number | undefined {
  if (text.length > MAX_DIGITS || !/^[0-9]+$/.test(text)) return undefined
  return Number(text) * (unit === 's' ? 1000 : 1)
}

/** Judges a timestamp against the arrival time, both ways. Exactly at the tolerance is still good. */
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

/** A median with the interval that holds the true one with 95 % confidence. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which the given share of the ascending values lies. */
export function quantile(ascending: readonly number[], share: number): number {
  const index = Math.min(ascending.length - 1, Math.floor(share * ascending.length))
  return ascending[index] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5)
}

/**
 * The median of the ratios round by round: both sides of each ratio saw the same weather. How many of the values lie below the
 * true median is a coin tossed once per value, so the interval is between two ranks, whatever the distribution.
 */
export function ratioOf(values: readonly number[], to: readonly number[]): Estimate {
  return estimate(values.map((value, round) => value / (to[round] ?? Number.NaN)))
}

/** The median of the differences round by round. */
export function differenceOf(values: readonly number[], from: readonly number[]): Estimate {
  return estimate(values.map((value, round) => value - (from[round] ?? Number.NaN)))
}

function estimate(values: readonly number[]): Estimate {
  const sorted = ascending(values)
  const last = sorted.length - 1
  const halfWidth = (1.96 * Math.sqrt(sorted.length)) / 2
  const at = (rank: number): number => sorted[Math.min(last, Math.max(0, rank))] ?? Number.NaN
  return {
    median: quantile(sorted, 0.5),
    low: at(Math.floor(last / 2 - halfWidth)),
    high: at(Math.ceil(last / 2 + halfWidth)),
  }
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b)
}

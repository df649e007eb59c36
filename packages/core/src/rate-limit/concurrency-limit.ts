// So long nothing more is tried than what went through; then one more at a time and, while that is not too much, twice as many more.
const TRUSTED_MS = 20_000
const MAX_PROOFS = 5
const MAX_RAISES = 6

/** How many calls a provider takes at a time, as far as its refusals have shown it. All times are on the clock of who keeps it. */
export interface ConcurrencyLimit {
  readonly most: number
  /** How often in a row more was tried. */
  readonly raises: number
  /** How often more was too much. */
  readonly proofs: number
  readonly trustedUntil: number
  /** When it went back to what went through; 0: it never did. */
  readonly fellAt: number
}

/** A call that was one too many. */
export interface Refusal {
  readonly startedAtMs: number
  /** So many others are in flight still, for which there is room as far as anybody knows. */
  readonly inFlight: number
}

/** Learned anew. @param most - So many went through, or may have. */
export function concurrencyOf(most: number, nowMs: number): ConcurrencyLimit {
  return trusted({ most: Math.max(1, Math.floor(most)), raises: 0, proofs: 0, trustedUntil: 0, fellAt: 0 }, nowMs)
}

/** Another call was one too many. */
export function afterRefusal(limit: ConcurrencyLimit, refusal: Refusal, nowMs: number): ConcurrencyLimit {
  const { startedAtMs, inFlight } = refusal
  const { most, raises, proofs, fellAt } = limit
  // It was sent when more was tried, and that is over.
  if (startedAtMs < fellAt) return limit
  if (raises === 0) return trusted({ ...limit, most: Math.max(1, most - 1, Math.min(most, inFlight)) }, nowMs)
  const provenProofs = Math.min(proofs + 1, MAX_PROOFS)
  return trusted(
    { ...limit, most: Math.max(1, most - (2 ** raises - 1)), raises: 0, proofs: provenProofs, fellAt: nowMs },
    nowMs,
  )
}

/** More is tried. */
export function raised(limit: ConcurrencyLimit, nowMs: number): ConcurrencyLimit {
  return trusted({ ...limit, most: limit.most + 2 ** limit.raises, raises: limit.raises + 1 }, nowMs)
}

/** That so many more go through was found out elsewhere; negative: fewer. */
export function withMore(limit: ConcurrencyLimit, calls: number): ConcurrencyLimit {
  return { ...limit, most: Math.max(1, limit.most + calls) }
}

/** Of times that are too far away, because the clock was set back since, the latest that may be. */
export function onClock(limit: ConcurrencyLimit, nowMs: number): ConcurrencyLimit {
  const trustedUntil = Math.min(limit.trustedUntil, trusted(limit, nowMs).trustedUntil)
  return { ...limit, trustedUntil, fellAt: Math.min(limit.fellAt, nowMs) }
}

/** Whether so much more was tried that nothing of what was learned is left. */
export function isForgotten({ raises }: ConcurrencyLimit): boolean {
  return raises > MAX_RAISES
}

function trusted(limit: ConcurrencyLimit, nowMs: number): ConcurrencyLimit {
  return { ...limit, trustedUntil: nowMs + TRUSTED_MS * 2 ** limit.proofs }
}

/** How urgent a call is, as the `priority` of `RequestInit` says it (WHATWG Fetch). */
export type Priority = 'high' | 'auto' | 'low'

// After this time a call is not overtaken any more by what is one class more urgent.
const YIELD_MS: Readonly<Record<Priority, number>> = { high: 0, auto: 10_000, low: 20_000 }

/** The place of a call in every queue; a retry keeps it. Only calls that come soon enough after it can be before it. */
export interface Place {
  /** When it began, with what it yields to the more urgent; monotonic milliseconds. */
  readonly rankMs: number
  /** Decides between calls that began together. */
  readonly callId: number
}

/** The place of a call that began at `startedAtMs`. */
export function placeOf(priority: Priority, startedAtMs: number, callId: number): Place {
  return { rankMs: startedAtMs + YIELD_MS[priority], callId }
}

/** Negative when `left` is before `right`. */
export function comparePlaces(left: Place, right: Place): number {
  return left.rankMs - right.rankMs || left.callId - right.callId
}

// The windows that providers use, in milliseconds. Few count in less than a second.
const WINDOWS_MS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000)

/** The shortest window that providers use. */
export const SHORTEST_WINDOW_MS = 1_000

/** The shortest usual window that is not shorter than `ms`; `ms` itself where there is none. */
export function commonWindowAbove(ms: number): number {
  return WINDOWS_MS.find((windowMs) => windowMs >= ms) ?? ms
}

/** The longest usual window that is not longer than `ms`, when it is shorter by less than `slackMs`; else `ms` itself. */
export function commonWindowBelow(ms: number, slackMs: number): number {
  return WINDOWS_MS.findLast((windowMs) => windowMs <= ms && windowMs > ms - slackMs) ?? ms
}

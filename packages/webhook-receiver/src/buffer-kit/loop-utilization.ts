// Of several batches: how much is to do while one is under way depends on whom it holds.
const WINDOW_MS = 50

/** Makes what tells in which share of the time the event loop was at work lately, from 0 to 1; 0 where the runtime does not say. */
export function loopUtilization(): () => number {
  if (!('eventLoopUtilization' in performance)) return () => 0
  let before = performance.eventLoopUtilization()
  let share = 0
  return () => {
    const { idle, active, utilization } = performance.eventLoopUtilization(before)
    if (idle + active >= WINDOW_MS) {
      share = utilization
      before = performance.eventLoopUtilization()
    }
    return share
  }
}

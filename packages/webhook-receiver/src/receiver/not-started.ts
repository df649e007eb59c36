import type { DestinationSnapshot } from './destination-snapshot.ts'

/** A destination that is not drained. */
export const notStarted: DestinationSnapshot = Object.freeze({
  state: 'stopped',
  inWindow: 0,
  inFlight: 0,
  parked: 0,
  blockedKeys: 0,
  delivered: 0,
  retried: 0,
  deadLettered: 0,
})

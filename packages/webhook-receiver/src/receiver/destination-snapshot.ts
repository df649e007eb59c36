/** How one destination is doing. */
export interface DestinationSnapshot {
  readonly state: 'stopped' | 'draining' | 'idle'
  /** Events read and not yet done. */
  readonly inWindow: number
  readonly inFlight: number
  /** Events that wait beside the log, because their key is in trouble. */
  readonly parked: number
  /** Keys that wait until somebody resumes them. */
  readonly blockedKeys: number
  readonly delivered: number
  readonly retried: number
  readonly deadLettered: number
}

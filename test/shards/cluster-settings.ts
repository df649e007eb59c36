/** What a cluster is told. */
export interface ClusterSettings {
  /** Where the processes keep what they share. */
  readonly directory: string
  /** Where each worker writes what its handlers did. */
  readonly logDirectory: string
  readonly workers: number
  readonly handlerMs: number
  readonly leaseMs: number
}

/** What a handler did. */
export interface DeliveryLine {
  readonly kind: 'start' | 'effect' | 'done' | 'failed'
  /** Monotonic time of the machine, ns. */
  readonly at: number
  readonly pid: number
  readonly partition: number
  readonly position: string
  readonly key: string
  readonly seq: number
}

/** What is said to the primary. */
export type ClusterCommand =
  /** Kills a worker with SIGKILL; the first that was started. */
  | 'kill'
  /** Starts one more. */
  | 'fork'
  | 'stop'

/** What the primary says. */
export type ClusterMessage =
  /** A worker takes requests. */
  { readonly kind: 'listening'; readonly port: number } | { readonly kind: 'killed'; readonly pid: number }

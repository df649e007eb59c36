import type { RateLimitRule } from '../connectors/rate-limit-rule.ts'
import type { LimitBucket } from './limit-bucket.ts'

/** The bucket of a call, and the limits of the connector that it stands for; none: whatever the headers say. */
export interface CallLimit {
  /** Whose it is; empty when the hosts of the connector share it. */
  readonly host: string
  /** Connector and connection that it belongs to, where buckets are shared by several functions. */
  readonly owner: string
  readonly bucket: LimitBucket
  /** Ids of the rules. */
  readonly rules: readonly string[]
  /** Those that read anything from an answer. */
  readonly reading: readonly RateLimitRule[]
  /** What the call takes; absent: one call, and nobody knows how much of what else is counted. */
  readonly cost?: number
}

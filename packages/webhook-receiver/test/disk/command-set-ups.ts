import type { SampleOptions } from './sample-buffer.ts'

/** Limits so small that a few commands reach them. */
export const small = {
  segmentBytes: 4096,
  maxBatchBytes: 4096,
  dedupeWindowMs: 60_000,
  retention: { minAgeMs: 1e9 },
} as const satisfies SampleOptions

/** Buffers that random commands are given to. */
export const setUps: readonly SampleOptions[] = [
  small,
  { ...small, preallocateBytes: 1024 },
  { ...small, compression: 'auto', encryption: { keyId: 'k', key: () => Buffer.alloc(32, 3) } },
  { ...small, utilization: 1 },
  { ...small, durability: 'interval' },
  { ...small, recovery: 'salvage' },
]

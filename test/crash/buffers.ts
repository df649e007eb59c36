import type { EventBuffer } from '@holdfast/webhook-receiver'
import { diskBuffer, type DiskBufferOptions, sqliteBuffer } from '@holdfast/webhook-receiver/disk'

const common = {
  segmentBytes: 256 * 1024,
  // Long against the time after which a sender repeats itself, short enough that segments go during a run.
  dedupeWindowMs: 180_000,
} as const satisfies Partial<DiskBufferOptions>

/** Buffers that the crash test can be played with. A kill must take nothing from any of them. */
export const buffers = {
  fsync: (directory) => diskBuffer({ ...common, directory }),
  interval: (directory) => diskBuffer({ ...common, directory, durability: 'interval' }),
  preallocated: (directory) => diskBuffer({ ...common, directory, preallocateBytes: 64 * 1024 }),
  encrypted: (directory) =>
    diskBuffer({
      ...common,
      directory,
      compression: 'auto',
      encryption: { keyId: 'crash test', key: () => Buffer.alloc(32, 1) },
    }),
  sqlite: (directory) => sqliteBuffer({ directory, dedupeWindowMs: common.dedupeWindowMs }),
} as const satisfies Record<string, (directory: string) => EventBuffer>

export type BufferName = keyof typeof buffers

export function isBufferName(name: string): name is BufferName {
  return Object.hasOwn(buffers, name)
}

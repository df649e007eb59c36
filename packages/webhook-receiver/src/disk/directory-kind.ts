import { BufferError } from '../buffer/buffer-error.ts'
import { shardsAmong } from './shards/shard-names.ts'

/** File of a buffer on SQLite. */
export const DATABASE_NAME = 'events.db'

const advice = 'use another directory, and bring over what is not delivered with `holdfast move`'

/** Whether a log of one process is in a directory with these names. Without META it is a damaged one. */
export function hasLog(names: readonly string[]): boolean {
  return names.includes('META') || names.includes('seg')
}

/**
 * Refuses a directory with these names to a log when a buffer on SQLite has it: what is in that would never be delivered.
 *
 * @throws BufferError `buffer_unusable`.
 */
export function refuseDatabase(directory: string, names: readonly string[]): void {
  if (!names.includes(DATABASE_NAME) || hasLog(names) || shardsAmong(names).length > 0) return
  throw new BufferError(
    'buffer_unusable',
    `${directory} has a buffer on SQLite. Open it with \`sqliteBuffer\`, or ${advice}.`,
  )
}

/** The other way round. */
export function refuseLog(directory: string, names: readonly string[]): void {
  if (names.includes(DATABASE_NAME) || (!hasLog(names) && shardsAmong(names).length === 0)) return
  throw new BufferError(
    'buffer_unusable',
    `${directory} has a buffer that is no database. Open it with \`diskBuffer\`, or ${advice}.`,
  )
}

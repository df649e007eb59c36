import { BufferError } from '../buffer/buffer-error.ts'

/**
 * What opening does about damage.
 *
 * - `resync`: opens, goes on behind the damage, and reports exactly what is lost.
 * - `strict`: refuses to open, and leaves the damage as it is. What a crash leaves is not damage: an unfinished last write is cut off in both.
 * - `salvage`: reads everything, puts back what can be proven of damaged headers, takes records without a proof that they were synced, looks for
 *   consumers whose checkpoint is gone; then goes on as `resync` does.
 */
export type RecoveryMode = 'resync' | 'strict' | 'salvage'

/** The refusal of a damaged log in `strict` mode. */
export function strictRefusal(what: string): BufferError {
  return new BufferError(
    'buffer_unusable',
    `The log is damaged: ${what}. Nothing was changed; \`recovery: 'resync'\` goes on behind the damage and reports what is lost, \`holdfast repair --mode salvage\` gets more out of it before.`,
  )
}

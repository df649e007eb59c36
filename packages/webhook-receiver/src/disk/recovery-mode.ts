import { BufferError } from '../buffer/buffer-error.ts'

/**
 * What opening does about damage.
 *
 * - `resync`: opens, goes on behind the damage, and reports exactly what is lost.
 * - `strict`: refuses to open, and leaves the damage as it is. What a crash leaves is not damage: an unfinished last write is cut off in both.
 */
export type RecoveryMode = 'resync' | 'strict'

/** The refusal of a damaged log in `strict` mode. */
export function strictRefusal(what: string): BufferError {
  return new BufferError(
    'buffer_unusable',
    `The log is damaged: ${what}. Nothing was changed; \`recovery: 'resync'\` goes on behind the damage and reports what is lost.`,
  )
}

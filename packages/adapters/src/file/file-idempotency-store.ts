import { IntegrationError, oneOf } from '@holdfast/core'
import type { IdempotencyStore } from '@holdfast/webhook-receiver'
import { checkStoreOptions, type FileStoreOptions } from './file-store-options.ts'
import type { EffectCalls } from './store-calls.ts'
import { StoreThread } from './store-thread.ts'

/** How an idempotency store on disk is made. */
export interface FileIdempotencyStoreOptions extends FileStoreOptions {
  /**
   * What a resolved `complete` means. `fsync`: it survives a power cut. `os`: it survives the death of every process, and costs no sync of the disk.
   *
   * @defaultValue 'fsync'
   */
  readonly durability?: 'fsync' | 'os'
}

/** An `IdempotencyStore` on disk. */
export interface FileIdempotencyStore extends IdempotencyStore, AsyncDisposable {
  /** Waits for what was asked and closes the file. A process may also end without it. */
  close(): Promise<void>
}

/** The defaults of `FileIdempotencyStoreOptions`. */
export const defaultFileIdempotencyStoreOptions: Required<Pick<FileIdempotencyStoreOptions, 'durability'>> =
  Object.freeze({ durability: 'fsync' })

const MAX_RESULT_BYTES = 16 * 1024 * 1024

/**
 * An `IdempotencyStore` for the processes of one machine, in a SQLite database `effects.db`. It is worked on in a thread of its own, so nothing else waits for
 * the disk. What is begun survives the death of every process, what is completed also a power cut. By the machine's clock.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before the first call.
 */
export function fileIdempotencyStore(options: FileIdempotencyStoreOptions): FileIdempotencyStore {
  checkStoreOptions(options, { durability: oneOf('fsync', 'os') })
  const { directory, durability } = { ...defaultFileIdempotencyStoreOptions, ...options }
  const synced = durability === 'fsync' ? ['complete'] : []
  const thread = new StoreThread<EffectCalls>(directory, { content: 'effects', synced })

  return {
    caps: Object.freeze({ durability, multiProcess: true, maxResultBytes: MAX_RESULT_BYTES }),
    begin: (scope, id, { owner, leaseMs, ttlMs }) => thread.call('begin', scope, id, { owner, leaseMs, ttlMs }),
    renew: (scope, id, token, leaseMs) => thread.call('renew', scope, id, token, leaseMs),
    async complete(scope, id, token, result) {
      if (result !== undefined && result.byteLength > MAX_RESULT_BYTES) throw resultTooLarge(result.byteLength)
      // A copy: it may wait for a batch before it.
      return thread.call('complete', scope, id, token, result === undefined ? undefined : new Uint8Array(result))
    },
    abandon: (scope, id, token) => thread.call('abandon', scope, id, token),
    close: () => thread.close(),
    [Symbol.asyncDispose]: () => thread.close(),
  }
}

function resultTooLarge(bytes: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'result_too_large',
    message: `The result has ${bytes} bytes; the store takes up to ${MAX_RESULT_BYTES}.`,
    phase: 'local',
  })
}

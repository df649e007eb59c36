import type { StateStore, StateStoreCaps } from '@holdfast/core'
import { untilAborted } from '@holdfast/webhook-receiver/buffer-kit'
import { checkStoreOptions, type FileStoreOptions } from './file-store-options.ts'
import type { StateCalls } from './store-calls.ts'
import { StoreThread } from './store-thread.ts'

/** A `StateStore` on disk. */
export interface FileStateStore extends StateStore, AsyncDisposable {
  /** Waits for what was asked and closes the file. A process may also end without it. */
  close(): Promise<void>
}

const caps: StateStoreCaps = Object.freeze({
  multiProcess: true,
  leases: true,
  maxKeyBytes: 65_536,
  maxValueBytes: 16 * 1024 * 1024,
})

/**
 * A `StateStore` for the processes of one machine, in a SQLite database `state.db`. It is worked on in a thread of its own, so nothing waits for the disk. A
 * change survives the death of every process; a power cut may take the last ones, which nothing here minds. By the machine's clock.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before the first call.
 */
export function fileStateStore(options: FileStoreOptions): FileStateStore {
  checkStoreOptions(options)
  const thread = new StoreThread<StateCalls>(options.directory, { content: 'state' })

  return {
    caps,
    get: async (key, signal) => {
      signal?.throwIfAborted()
      return untilAborted(thread.call('get', key), signal)
    },
    compareAndSet: async (key, { expected, value, ttlMs }, signal) => {
      signal?.throwIfAborted()
      return untilAborted(thread.call('compareAndSet', key, { expected, value, ttlMs }), signal)
    },
    acquire: async (name, leaseMs, signal) => {
      signal?.throwIfAborted()
      const token = await untilAborted(thread.call('acquire', name, leaseMs), signal)
      return token === undefined ? undefined : { name, token }
    },
    renew: async ({ name, token }, leaseMs, signal) => {
      signal?.throwIfAborted()
      return untilAborted(thread.call('renewLease', name, token, leaseMs), signal)
    },
    release: async ({ name, token }, signal) => {
      signal?.throwIfAborted()
      await untilAborted(thread.call('release', name, token), signal)
    },
    close: () => thread.close(),
    [Symbol.asyncDispose]: () => thread.close(),
  }
}

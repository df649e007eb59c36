import type { Clock } from '@holdfast/core'
import type { OpenFile } from './file-system.ts'
import type { OpenSegment } from './open-segment.ts'

export interface BackgroundSyncOptions {
  readonly clock: Clock
  readonly intervalMs: number
  /** Called when everything up to a record was synced. */
  readonly onSynced: (lastSeq: number) => void
}

/** Syncs a log behind its appends, so many ms after the first that is not synced yet. */
export class BackgroundSync {
  readonly #options: BackgroundSyncOptions
  #cancel: (() => void) | undefined
  #syncing: Promise<unknown> = Promise.resolve()
  #failure: { readonly target: OpenSegment; readonly cause: unknown } | undefined
  /** Whether a sync failed once: then no later one says anything about everything before it. */
  #isUnproven = false

  constructor(options: BackgroundSyncOptions) {
    this.#options = options
  }

  /**
   * Something was appended to a segment. `current` tells what is to be synced when the time has come; `after` has to be over before: what is
   * older is synced first.
   */
  appended(
    current: () => { readonly target: OpenSegment; readonly lastSeq: number } | undefined,
    after: () => Promise<unknown>,
  ): void {
    this.#cancel ??= this.#options.clock.schedule(
      this.#options.intervalMs,
      () => {
        this.#cancel = undefined
        const due = current()
        if (due === undefined) return
        this.#syncing = Promise.all([this.#syncing, after()]).then(() =>
          this.syncUpTo(due.target.file, due.lastSeq).catch((cause: unknown) => {
            this.#failure = { target: due.target, cause }
          }),
        )
      },
      { background: true },
    )
  }

  /** Syncs a file with records up to `lastSeq`, all older ones being synced already. */
  async syncUpTo(file: OpenFile, lastSeq: number): Promise<void> {
    try {
      await file.datasync()
    } catch (error) {
      this.#isUnproven = true
      throw error
    }
    if (!this.#isUnproven) this.#options.onSynced(lastSeq)
  }

  /** Why the last sync of this segment failed. */
  failureOf(target: OpenSegment): { readonly cause: unknown } | undefined {
    return this.#failure?.target === target ? this.#failure : undefined
  }

  /** Resolves when no sync is under way. */
  idle(): Promise<unknown> {
    return this.#syncing
  }

  stop(): Promise<unknown> {
    this.#cancel?.()
    this.#cancel = undefined
    return this.#syncing
  }
}

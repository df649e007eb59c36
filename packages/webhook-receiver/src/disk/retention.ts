import type { Clock } from '@holdfast/core'
import type { ConsumerRegistry } from './consumer-registry.ts'
import type { DedupeIndex } from './dedupe/dedupe-index.ts'
import type { ResolvedRetention } from './resolve-disk-buffer-options.ts'
import type { Log } from './log.ts'

export interface RetentionOptions {
  readonly log: Log
  readonly consumers: ConsumerRegistry
  readonly dedupe: DedupeIndex | undefined
  readonly clock: Clock
  readonly retention: ResolvedRetention
}

/** Deletes segments when every registered consumer is through with them. Without consumers nothing is deleted. */
export class Retention {
  readonly #options: RetentionOptions

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Deletes what can be deleted. Costs next to nothing when there is nothing. */
  async run(): Promise<void> {
    const { consumers, log } = this.#options
    if (this.#releasable(await consumers.lowWater()) < log.firstSeq) return
    // Cursors first: a cursor that a power cut sets back must find its events.
    await consumers.withDurableLowWater((lowWater) => log.release(this.#releasable(lowWater)))
  }

  /** The last record that can go. */
  #releasable(lowWater: number): number {
    const { log, dedupe, clock, retention } = this.#options
    const consumed = log.segments.filter((segment) => segment.lastSeq <= lowWater)
    let bytes = consumed.reduce((sum, segment) => sum + segment.bytes, 0)
    let upTo = 0
    for (const { baseSeq, lastSeq, lastAt, bytes: size } of consumed) {
      if (clock.now() - lastAt < retention.minAgeMs && bytes <= retention.maxBytes) break
      if (dedupe?.canDelete({ from: baseSeq, to: lastSeq }, lastAt) === false) break
      bytes -= size
      upTo = lastSeq
    }
    return upTo
  }
}

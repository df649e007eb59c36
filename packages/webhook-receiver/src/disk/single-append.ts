import type { AppendResult } from '../buffer/event-buffer.ts'
import { type CommitGroup } from './commit-queue.ts'
import type { Fingerprint } from './dedupe/fingerprint.ts'
import { recordBytes } from './record-codec.ts'
import type { RecordInput } from './record-input.ts'
import { positionOf } from './seq.ts'

/** Where a `SingleAppend` says what became of it. */
export interface SingleAppendListener {
  /** The event has become durable; called in the turn of the commit. */
  readonly stored: (fingerprint: Fingerprint, seq: number, at: number) => void
  /** The event is stored or refused. */
  readonly over: (fingerprint: Fingerprint) => void
}

/**
 * One event on its way into the log. Nearly every webhook is one: it is a group of the commit queue by itself, and all that waits for it is
 * one promise.
 */
export class SingleAppend implements CommitGroup {
  readonly records: readonly [RecordInput]
  readonly bytes: number
  /** Resolves when it is durable. */
  readonly result: Promise<AppendResult[]>
  readonly #fingerprint: Fingerprint | undefined
  readonly #listener: SingleAppendListener
  #resolve: ((results: AppendResult[]) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #seq = 0

  /** `fingerprint`: `undefined` where ids are not compared. */
  constructor(record: RecordInput, fingerprint: Fingerprint | undefined, listener: SingleAppendListener) {
    this.records = [record]
    this.bytes = recordBytes(record.metaBytes + record.body.length)
    this.#fingerprint = fingerprint
    this.#listener = listener
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** For its duplicates: the sequence number, once it is durable. */
  get seqs(): Promise<readonly number[]> {
    return this.result.then(() => [this.#seq])
  }

  committed(seq: number, at: number): void {
    if (this.#fingerprint !== undefined) this.#listener.stored(this.#fingerprint, seq, at)
  }

  resolve(seq: number): void {
    this.#seq = seq
    this.#end()
    this.#resolve?.([{ status: 'appended', partition: 0, position: positionOf(seq) }])
  }

  reject(error: unknown): void {
    this.#end()
    this.#reject?.(error)
  }

  #end(): void {
    if (this.#fingerprint !== undefined) this.#listener.over(this.#fingerprint)
  }
}

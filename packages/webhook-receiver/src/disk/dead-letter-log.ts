import type { DeadLetter, FailureInfo, StoredEvent } from '../buffer/event-buffer.ts'
import { deadLetterSeq, decodeDeadLetter, encodeDeadLetter } from './event-codec.ts'
import type { FileSystem } from './file-system.ts'
import { Log, type LogOptions } from './log.ts'

const LIST_RECORDS = 64
const LIST_BYTES = 1024 * 1024

export interface DeadLetterLogOptions
  extends Pick<
    LogOptions,
    | 'directory'
    | 'segmentBytes'
    | 'segmentMaxAgeMs'
    | 'maxBatchBytes'
    | 'maxQueuedBytes'
    | 'recordType'
    | 'clock'
    | 'random'
  > {
  readonly fileSystem: FileSystem
}

/** The dead letters of one consumer: a log like the buffer's own, made with the first of them. */
export class DeadLetterLog {
  readonly #options: DeadLetterLogOptions
  /** Original sequence numbers, also of those that are being written. */
  readonly #adding: Map<number, Promise<void>> = new Map()
  readonly #seqs: Set<number> = new Set()
  #log: Promise<Log> | undefined

  constructor(options: DeadLetterLogOptions) {
    this.#options = options
  }

  /** Original sequence numbers of all dead letters. */
  get seqs(): ReadonlySet<number> {
    return this.#seqs
  }

  /** Highest original sequence number; 0 for none. */
  get highestSeq(): number {
    let highest = 0
    for (const seq of this.#seqs) highest = Math.max(highest, seq)
    return highest
  }

  /** Reads what is there already. */
  async open(): Promise<void> {
    const { fileSystem, directory } = this.#options
    const names = await fileSystem.list(directory)
    if (names.includes('META')) await this.#opened()
  }

  /** Stores a dead letter durably. One that is there already is not stored twice. */
  async add(event: StoredEvent, seq: number, why: FailureInfo): Promise<void> {
    if (this.#seqs.has(seq)) return
    let adding = this.#adding.get(seq)
    if (adding === undefined) {
      adding = this.#append(event, seq, why).finally(() => this.#adding.delete(seq))
      this.#adding.set(seq, adding)
    }
    await adding
  }

  /** All dead letters, oldest first. */
  async *list(): AsyncGenerator<DeadLetter> {
    if (this.#log === undefined) return
    const reader = (await this.#log).reader()
    try {
      let after = 0
      for (;;) {
        const items = await reader.read(after, LIST_RECORDS, LIST_BYTES)
        if (items.length === 0) return
        for (const item of items) {
          if (item.kind === 'record') yield decodeDeadLetter(item.metaBytes, item.body)
          after = item.kind === 'record' ? item.seq : item.hole.to
        }
      }
    } finally {
      await reader.close()
    }
  }

  async close(): Promise<void> {
    const log = await this.#log?.catch(() => undefined)
    await log?.close()
  }

  async #append(event: StoredEvent, seq: number, why: FailureInfo): Promise<void> {
    const log = await this.#opened()
    await log.append([encodeDeadLetter(event, seq, why)])
    this.#seqs.add(seq)
  }

  async #opened(): Promise<Log> {
    this.#log ??= this.#openLog()
    try {
      return await this.#log
    } catch (error) {
      // The next dead letter tries again.
      this.#log = undefined
      throw error
    }
  }

  async #openLog(): Promise<Log> {
    const dropped: number[] = []
    const found = new Map<number, number>()
    const { log } = await Log.open({
      ...this.#options,
      provenSeq: 0,
      needsScan: () => true,
      visit: (seq, _at, metaBytes, body) => found.set(seq, deadLetterSeq(metaBytes, body)),
      onDropped: (fromSeq) => dropped.push(fromSeq),
    })
    const firstDropped = Math.min(Infinity, ...dropped)
    for (const [seq, original] of found) if (seq < firstDropped) this.#seqs.add(original)
    return log
  }
}

import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { FileSystem } from './file-system.ts'

const MIB = 1024 * 1024
/** Reserve without `minFreeBytes`: this, or a twentieth of the volume where that is less. */
const RESERVE_BYTES = 512 * MIB
const RESERVE_RATIO = 0.05
/** Once it refuses, it takes events again when there is this much more room than it needs. */
const RESUME_RATIO = 0.25
/** How much of `maxBytes` has to be free again. */
const RESUME_USED_RATIO = 0.9
/** Free space is asked for again after so many bytes. */
const REFRESH_AFTER_BYTES = 32 * MIB
const RETRY_AFTER_MS = 5_000

export interface SpaceGuardOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  /** Bytes that the segments may take. */
  readonly maxBytes: number
  /** Bytes that stay free for others; `undefined`: 512 MiB, or 5 % of a small volume. */
  readonly minFreeBytes: number | undefined
  /** Bytes that the segments take. */
  readonly usedBytes: () => number
  /** Bytes that were appended since opening. */
  readonly appendedBytes: () => number
}

/**
 * Refuses events before the disk is full, so that there is room for cursors, for the runs of ids and for the application itself. What is
 * stored is drained meanwhile, and makes room. A margin keeps it from changing its mind with every event.
 */
export class SpaceGuard {
  readonly #options: SpaceGuardOptions
  #freeBytes = Infinity
  #totalBytes = Infinity
  #usedBytes = 0
  /** Bytes that had been appended when the rest was found out. */
  #appendedThen = 0
  #isFull = false
  #refreshing: Promise<void> | undefined

  constructor(options: SpaceGuardOptions) {
    this.#options = options
  }

  /** Whether events are being refused. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Finds out how much room there is. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** The refusal of an event, when there is no room. */
  refusal(): BufferError | undefined {
    if (this.#appended >= REFRESH_AFTER_BYTES) void this.refresh()
    this.#decide()
    if (!this.#isFull) return undefined
    const { directory, maxBytes } = this.#options
    const message =
      this.#used >= maxBytes * RESUME_USED_RATIO
        ? `${directory} takes ${this.#used} bytes, and \`maxBytes\` is ${maxBytes}.`
        : `The volume of ${directory} has ${Math.max(0, this.#freeBytes - this.#appended)} bytes free, and \`minFreeBytes\` leaves ${this.#reserve} of them to others.`
    return new BufferError('buffer_full', `${message} Draining makes room.`, { retryAfterMs: RETRY_AFTER_MS })
  }

  async #ask(): Promise<void> {
    const { fileSystem, directory, usedBytes, appendedBytes } = this.#options
    // What the system does not tell is no reason to refuse: a disk that is really full refuses by itself.
    const volume = await fileSystem.volume(directory).catch(() => undefined)
    this.#freeBytes = volume?.freeBytes ?? Infinity
    this.#totalBytes = volume?.totalBytes ?? Infinity
    this.#usedBytes = usedBytes()
    this.#appendedThen = appendedBytes()
    this.#decide()
  }

  #decide(): void {
    const free = this.#freeBytes - this.#appended
    const { maxBytes } = this.#options
    this.#isFull = this.#isFull
      ? this.#used >= maxBytes * RESUME_USED_RATIO || free < this.#reserve * (1 + RESUME_RATIO)
      : this.#used >= maxBytes || free < this.#reserve
  }

  get #appended(): number {
    return this.#options.appendedBytes() - this.#appendedThen
  }

  get #used(): number {
    return this.#usedBytes + this.#appended
  }

  get #reserve(): number {
    return this.#options.minFreeBytes ?? Math.min(RESERVE_BYTES, Math.ceil(this.#totalBytes * RESERVE_RATIO))
  }
}

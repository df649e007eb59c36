import type { Clock } from '@holdfast/core'
import type { ConsumerRegistry } from './consumer-registry.ts'
import type { DedupeIndex } from './dedupe/dedupe-index.ts'
import type { FileSystem } from './file-system.ts'
import type { Log } from './log.ts'
import type { Retention } from './retention.ts'
import type { SpaceGuard } from './space-guard.ts'

const INTERVAL_MS = 1_000
const TIDY_EVERY = 60

export interface HousekeeperOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  readonly consumers: ConsumerRegistry
  readonly dedupe: DedupeIndex | undefined
  readonly guard: SpaceGuard
  readonly retention: Retention
}

/** Looks after a buffer once a second while it is open: whether its directory is still there, how much room there is, what can go. */
export class Housekeeper {
  readonly #options: HousekeeperOptions
  readonly #identity: string | undefined
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined
  #looking: Promise<void> | undefined
  #rounds = 0

  private constructor(options: HousekeeperOptions, identity: string | undefined) {
    this.#options = options
    this.#identity = identity
  }

  static async start(options: HousekeeperOptions): Promise<Housekeeper> {
    const identity = await options.fileSystem.identify(options.directory).catch(() => undefined)
    await options.guard.refresh()
    const housekeeper = new Housekeeper(options, identity)
    housekeeper.#schedule()
    return housekeeper
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    await this.#running
    await this.#looking
  }

  #schedule(): void {
    const tick = (): void => {
      this.#schedule()
      // Also while a round is under way: the thread pool may have missed its call, which is done when another one comes.
      void this.#look()
      void this.#run()
    }
    this.#cancel = this.#options.clock.schedule(INTERVAL_MS, tick, { background: true })
  }

  /** One at a time: on a disk that hangs more would take the threads of the pool. */
  #look(): Promise<void> {
    this.#looking ??= this.#checkDirectory()
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  #run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** What fails here is tried again in a second, and shows where it matters. */
  async #round(): Promise<void> {
    const { guard, retention, dedupe } = this.#options
    this.#rounds++
    if (this.#rounds % TIDY_EVERY === 0 || guard.isFull) dedupe?.tidy()
    await this.#look()
    if (guard.isFull) await this.#rollConsumed().catch(() => undefined)
    await retention.run().catch(() => undefined)
    await this.#options.consumers.tidy().catch(() => undefined)
    await guard.refresh()
  }

  async #checkDirectory(): Promise<void> {
    const { fileSystem, directory, log } = this.#options
    if (this.#identity === undefined) return
    const identity = await fileSystem.identify(directory)
    if (identity === this.#identity) return
    const what = identity === undefined ? 'is gone' : 'was replaced by another'
    log.fail(new Error(`The directory of the buffer ${what}. Open the buffer anew.`))
  }

  /** While nothing can be appended the segment that is written to would never end, and never be deleted. */
  async #rollConsumed(): Promise<void> {
    const { log, consumers } = this.#options
    if ((await consumers.lowWater()) >= log.durableSeq) await log.roll()
  }
}

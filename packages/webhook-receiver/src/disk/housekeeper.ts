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
  #rounds = 0
  #isStopped = false

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

  /** Does its round now; one that is under way is waited for. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#running
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.schedule(INTERVAL_MS, () => void this.run().then(() => this.#schedule()), {
      background: true,
    })
  }

  /** What fails here is tried again in a second, and shows where it matters. */
  async #round(): Promise<void> {
    const { guard, retention, dedupe } = this.#options
    this.#rounds++
    if (this.#rounds % TIDY_EVERY === 0 || guard.isFull) dedupe?.tidy()
    await this.#checkDirectory().catch(() => undefined)
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

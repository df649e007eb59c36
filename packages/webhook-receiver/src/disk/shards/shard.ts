import { BufferError } from '../../buffer/buffer-error.ts'
import type { Consumer, EventBuffer, EventPlace, Lease } from '../../buffer/event-buffer.ts'

/**
 * A shard that this process has the lock of. Its buffer has one partition, 0; outside it is the partition of the shard's number.
 *
 * - held: calls go through. Left by `release`, when nothing is left to deliver.
 * - released: everything that is asked for with its lease is `stale_lease`, as when another owner had taken it.
 */
export class Shard {
  readonly index: number
  readonly buffer: EventBuffer
  readonly #consumers: Map<string, Consumer> = new Map()
  #isReleased = false
  /** Calls under way that may give it something to deliver. */
  #redriving = 0

  constructor(index: number, buffer: EventBuffer) {
    this.index = index
    this.buffer = buffer
  }

  /** The consumer of this name, registered if it is not. */
  async consumer(name: string, from: 'earliest' | 'latest'): Promise<Consumer> {
    const known = this.#consumers.get(name)
    if (known !== undefined) return known
    const consumer = await this.buffer.openConsumer(name, { from })
    this.#consumers.set(name, consumer)
    return consumer
  }

  async removeConsumer(name: string): Promise<void> {
    this.#consumers.delete(name)
    await this.buffer.removeConsumer(name)
  }

  /** Calls a consumer with its own lease. */
  async call<Result>(name: string, use: (consumer: Consumer) => Promise<Result>): Promise<Result> {
    const consumer = this.#consumers.get(name)
    if (this.#isReleased || consumer === undefined) throw this.#stale(name)
    try {
      return await use(consumer)
    } catch (error) {
      // What was waiting when it was given back ends with it.
      if (this.#isReleased) throw this.#stale(name, error)
      throw error
    }
  }

  /** Parks dead letters again. It is not released meanwhile. */
  async redrive(name: string, places: readonly EventPlace[]): Promise<number> {
    this.#redriving++
    try {
      return await this.call(name, (consumer) => consumer.redrive(places))
    } finally {
      this.#redriving--
    }
  }

  /** Whether one of the consumers that this process has is not through with what is stored. */
  async hasBacklog(): Promise<boolean> {
    const { consumers } = await this.buffer.stats()
    return consumers.some(({ name, backlog }) => backlog > 0 && this.#consumers.has(name))
  }

  /** Takes nothing any more if it has no backlog, so that it can be closed. False: it has. */
  async release(): Promise<boolean> {
    if (await this.hasBacklog()) return false
    this.#isReleased = true
    let isIdle = false
    try {
      // Something may have been redriven meanwhile; from here on nothing can be but what is being redriven.
      isIdle = this.#redriving === 0 && !(await this.hasBacklog())
    } finally {
      this.#isReleased = isIdle
    }
    return isIdle
  }

  /** A lease as the shard's own buffer gives it. */
  innerLease(lease: Lease): Lease {
    return { ...lease, partition: 0 }
  }

  #stale(name: string, cause?: unknown): BufferError {
    return new BufferError('stale_lease', `The shard ${this.index} of consumer ${name} was given back.`, { cause })
  }
}

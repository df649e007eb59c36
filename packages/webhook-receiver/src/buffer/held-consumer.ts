import { type Clock, IntegrationError } from '@holdfast/core'
import type { Consumer, EventBuffer, Lease } from './event-buffer.ts'

const LEASE_MS = 10_000
const ASK_EVERY_MS = 250

/** How everything is taken. */
export interface HoldOptions {
  /** Where it begins when it is new. */
  readonly from: 'earliest' | 'latest'
  readonly owner: string
  /** How long is waited for those who have it, ms. */
  readonly waitMs: number
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

/** A consumer of which all partitions are held, so that nobody else delivers. */
export class HeldConsumer {
  readonly consumer: Consumer
  readonly #leases: ReadonlyMap<number, Lease>
  readonly #clock: Clock
  #renewedMs: number

  private constructor(consumer: Consumer, leases: readonly Lease[], clock: Clock) {
    this.consumer = consumer
    this.#leases = new Map(leases.map((lease) => [lease.partition, lease]))
    this.#clock = clock
    this.#renewedMs = clock.monotonicMs()
  }

  /**
   * Registers the consumer where it is not, and takes everything.
   *
   * @throws IntegrationError `conflict` (`consumer_in_use`) when somebody delivers from it; the signal's reason.
   */
  static async take(
    buffer: EventBuffer,
    name: string,
    { from, owner, waitMs, clock, signal }: HoldOptions,
  ): Promise<HeldConsumer> {
    const consumer = await buffer.openConsumer(name, { from })
    for (const endMs = clock.monotonicMs() + waitMs; ; ) {
      signal?.throwIfAborted()
      const held = new HeldConsumer(consumer, await consumer.acquire({ owner, leaseMs: LEASE_MS }), clock)
      if (held.#leases.size === buffer.caps.partitions) return held
      await held.release()
      if (clock.monotonicMs() >= endMs) throw inUseError(name)
      await clock.sleep(ASK_EVERY_MS, signal)
    }
  }

  leaseOf(partition: number): Lease {
    const lease = this.#leases.get(partition)
    if (lease === undefined) throw new Error(`The partition ${partition} is not held.`)
    return lease
  }

  /** Keeps the leases, where it is time to. */
  async renew(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#renewedMs < LEASE_MS / 3) return
    for (const lease of this.#leases.values())
      if (!(await this.consumer.renew(lease, LEASE_MS))) throw inUseError(this.consumer.name)
    this.#renewedMs = nowMs
  }

  async release(): Promise<void> {
    // What cannot be given back ends by itself.
    await Promise.allSettled([...this.#leases.values()].map((lease) => this.consumer.release(lease)))
  }
}

function inUseError(name: string): IntegrationError {
  return new IntegrationError({
    code: 'conflict',
    reason: 'consumer_in_use',
    message: `Somebody delivers the events of ${name}. Stop the drains of both buffers.`,
    phase: 'local',
  })
}

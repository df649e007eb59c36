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
  /** Called once, when the wait begins. */
  readonly onWait: ((wait: { readonly consumer: string }) => void) | undefined
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

/** A consumer of which all partitions are held, so that nobody else delivers. */
export class HeldConsumer {
  readonly consumer: Consumer
  readonly #leases: ReadonlyMap<number, Lease>
  readonly #clock: Clock
  #isLost = false
  #cancelTimer: () => void = () => {}

  private constructor(consumer: Consumer, leases: readonly Lease[], clock: Clock) {
    this.consumer = consumer
    this.#leases = new Map(leases.map((lease) => [lease.partition, lease]))
    this.#clock = clock
    this.#renewLater()
  }

  /**
   * Registers the consumer where it is not, and takes everything.
   *
   * @throws IntegrationError `conflict` (`consumer_in_use`) when somebody delivers from it; the signal's reason.
   */
  static async take(
    buffer: EventBuffer,
    name: string,
    { from, owner, waitMs, onWait, clock, signal }: HoldOptions,
  ): Promise<HeldConsumer> {
    const consumer = await buffer.openConsumer(name, { from })
    const endMs = clock.monotonicMs() + waitMs
    for (let isTold = false; ; isTold = true) {
      signal?.throwIfAborted()
      const held = new HeldConsumer(consumer, await consumer.acquire({ owner, leaseMs: LEASE_MS }), clock)
      if (held.#leases.size === buffer.caps.partitions) return held
      await held.release()
      if (clock.monotonicMs() >= endMs) throw inUseError(name)
      if (!isTold) onWait?.({ consumer: name })
      await clock.sleep(ASK_EVERY_MS, signal)
    }
  }

  leaseOf(partition: number): Lease {
    const lease = this.#leases.get(partition)
    if (lease === undefined) throw new Error(`The partition ${partition} is not held.`)
    return lease
  }

  /** Whether somebody else may have a partition of it. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** @throws IntegrationError `conflict` (`consumer_in_use`) when a lease was lost. */
  requireHeld(): void {
    if (this.#isLost) throw inUseError(this.consumer.name)
  }

  async release(): Promise<void> {
    this.#cancelTimer()
    // What cannot be given back ends by itself.
    await Promise.allSettled([...this.#leases.values()].map((lease) => this.consumer.release(lease)))
  }

  #renewLater(): void {
    this.#cancelTimer = this.#clock.schedule(LEASE_MS / 3, () => void this.#renew(), { background: true })
  }

  /** Beside everything else, because reading what is set aside may take long. */
  async #renew(): Promise<void> {
    this.#renewLater()
    const renewals = [...this.#leases.values()].map((lease) => this.consumer.renew(lease, LEASE_MS))
    // One that failed may succeed the next time; a write with a lease that has ended is refused anyway.
    for (const renewal of await Promise.allSettled(renewals))
      if (renewal.status === 'fulfilled' && !renewal.value) this.#isLost = true
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

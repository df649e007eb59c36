import type { Clock } from '@holdfast/core'
import type { Consumer, Lease } from '../buffer/event-buffer.ts'
import type { Tries } from './buffer-patience.ts'
import { staleLease } from './failure.ts'

/** Keeps the lease of one partition alive and knows whether it can be relied on. */
export interface LeaseKeeper {
  readonly lease: Lease
  /** Whether the lease surely holds now. False near its end while it could not be renewed. */
  isSafe(): boolean
  /** Goes on under another lease for the same partition. `askedAtMs`: monotonic time before it was asked for. */
  adopt(lease: Lease, askedAtMs: number): void
  /** Renews it no more. */
  stop(): void
}

/**
 * Makes the keeper of a lease that was asked for at `askedAtMs`. It renews at a third of the lease. Its own monotonic clock
 * decides how long the lease holds, since the wall clocks of two machines differ and jump.
 */
export function createLeaseKeeper(options: {
  readonly consumer: Consumer
  readonly lease: Lease
  readonly askedAtMs: number
  readonly leaseMs: number
  readonly clock: Clock
  /** The lease holds for longer. */
  readonly onSafe: () => void
  /** Somebody else has the partition. */
  readonly onLost: (reason: unknown) => void
  /** What is done when the store cannot be asked. */
  readonly tries: Tries
}): LeaseKeeper {
  const { consumer, leaseMs, clock, onSafe, onLost, tries } = options
  let lease = options.lease
  let safeUntilMs = Infinity
  let cancelRenewal: (() => void) | undefined
  let stopped = false

  const adopt = (next: Lease, askedAtMs: number): void => {
    lease = next
    cancelRenewal?.()
    if (next.expiresAt === Infinity) safeUntilMs = Infinity
    else holdsFrom(askedAtMs)
  }

  const holdsFrom = (askedAtMs: number): void => {
    // A tenth is left for clocks of different speed and for an ack that is on its way.
    safeUntilMs = askedAtMs + leaseMs * 0.9
    renewIn(leaseMs / 3)
  }

  const renewIn = (delayMs: number): void => {
    if (!stopped) cancelRenewal = clock.schedule(delayMs, () => void renew(), { background: true })
  }

  const renew = async (): Promise<void> => {
    const renewed = lease
    const askedAtMs = clock.monotonicMs()
    try {
      const held = await consumer.renew(renewed, leaseMs)
      tries.worked()
      if (stopped || lease !== renewed) return
      if (!held) {
        onLost(staleLease(lease.partition))
        return
      }
      holdsFrom(askedAtMs)
      onSafe()
    } catch (error) {
      if (stopped || lease !== renewed) return
      cancelRenewal = tries.failed(error, () => void renew())
    }
  }

  adopt(options.lease, options.askedAtMs)
  return {
    get lease() {
      return lease
    },
    isSafe: () => safeUntilMs === Infinity || clock.monotonicMs() < safeUntilMs,
    adopt,
    stop() {
      stopped = true
      cancelRenewal?.()
    },
  }
}

import type { Emitter } from '@holdfast/core'
import type { BufferStats, Consumer } from '../buffer/event-buffer.ts'
import { createDrain, type Drain } from '../drain/drain.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { ResolvedReceiverOptions } from './receiver-options.ts'

/** An open buffer with a consumer for each destination. */
export interface BufferSession {
  /** Makes a drain for each destination, and starts it. Not while those of an earlier call run. */
  startDrains(): ReadonlyMap<string, Drain>
  stats(): Promise<BufferStats>
  /** Closes the buffer. */
  close(): Promise<void>
}

/**
 * Opens the buffer, and registers the destinations with it. When that fails half-way the buffer is closed again.
 *
 * @throws BufferError when the buffer cannot be opened.
 */
export async function openSession(
  { buffer, destinations, leaseMs, clock, random }: ResolvedReceiverOptions,
  events: Emitter<ReceiverEventMap>,
): Promise<BufferSession> {
  const report = await buffer.open()
  if (events.has('buffer:opened')) events.emit('buffer:opened', report)
  for (const hole of report.holes) events.emit('buffer:lost', hole)
  const consumers = new Map<string, Consumer>()
  try {
    for (const name of destinations.keys()) consumers.set(name, await buffer.openConsumer(name))
  } catch (error) {
    // Why it failed is worth more than that closing failed as well.
    await buffer.close().catch(() => {})
    throw error
  }

  return {
    startDrains() {
      const owner = random.uuid()
      const drains = new Map<string, Drain>()
      for (const [name, consumer] of consumers) {
        const destination = destinations.get(name)
        if (destination === undefined) continue
        const drain = createDrain({ name, destination, buffer, consumer, owner, leaseMs, clock, random, events })
        drains.set(name, drain)
        drain.start()
      }
      return drains
    },
    stats: () => buffer.stats(),
    close: () => buffer.close(),
  }
}

/** Stops drains, all at once. Rejects when one of them failed to, after all have ended. */
export async function stopDrains(drains: ReadonlyMap<string, Drain>, timeoutMs: number): Promise<void> {
  const ends = [...drains.values()].map((drain) => drain.stop({ timeoutMs }))
  await Promise.allSettled(ends)
  await Promise.all(ends)
}

import type { Emitter } from '@holdfast/core'
import type { BufferStats, Consumer, OpenReport } from '../buffer/event-buffer.ts'
import { createDrain, type Drain } from '../drain/drain.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { DestinationMode } from './destination-control.ts'
import type { ResolvedReceiverOptions } from './receiver-options.ts'

/** An open buffer with a consumer for each destination. */
export interface BufferSession {
  /** Makes a drain for each destination that is to have one, and starts it. Not while those of an earlier call run. */
  startDrains(): Map<string, Drain>
  /** Makes the drain of one destination, among those that were started last. */
  startDrain(name: string): void
  /** @throws Error when there is no such destination. */
  consumerOf(name: string): Consumer
  /** Forgets a destination, whose drain has stopped. */
  detach(name: string): Promise<void>
  /** Whether the buffer may know a destination. */
  isAttached(name: string): boolean
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
  modes: ReadonlyMap<string, DestinationMode>,
): Promise<BufferSession> {
  const tell = (report: OpenReport): void => {
    if (events.has('buffer:opened')) events.emit('buffer:opened', report)
    for (const hole of report.holes) events.emit('buffer:lost', hole)
  }
  tell(await buffer.open())
  const endTelling = buffer.caps.adopts === true ? buffer.onAdopted?.(tell) : undefined
  const consumers = new Map<string, Consumer>()
  try {
    for (const name of destinations.keys())
      if (modes.get(name) !== 'detached') consumers.set(name, await buffer.openConsumer(name))
  } catch (error) {
    // Why it failed is worth more than that closing failed as well.
    endTelling?.()
    await buffer.close().catch(() => {})
    throw error
  }

  let drains = new Map<string, Drain>()

  const startDrain = (name: string): void => {
    const mode = modes.get(name) ?? 'active'
    const consumer = consumers.get(name)
    const destination = destinations.get(name)
    if (consumer === undefined || destination === undefined || mode === 'disabled' || mode === 'detached') return
    // Each has an owner of its own: one that is started again must not be taken for the one before.
    const owner = random.uuid()
    const drain = createDrain({ name, destination, buffer, consumer, owner, leaseMs, clock, random, events })
    drain.hold(mode === 'paused')
    drains.set(name, drain)
    drain.start()
  }

  return {
    startDrains() {
      drains = new Map()
      for (const name of consumers.keys()) startDrain(name)
      return drains
    },
    startDrain,
    consumerOf(name) {
      const consumer = consumers.get(name)
      if (consumer === undefined) throw new Error(`There is no destination ${name}.`)
      return consumer
    },
    async detach(name) {
      await buffer.removeConsumer(name)
      consumers.delete(name)
    },
    isAttached: (name) => consumers.has(name),
    stats: () => buffer.stats(),
    close: () => {
      endTelling?.()
      return buffer.close()
    },
  }
}

/** Stops drains, all at once. Rejects when one of them failed to, after all have ended. */
export async function stopDrains(drains: ReadonlyMap<string, Drain>, timeoutMs: number): Promise<void> {
  const ends = [...drains.values()].map((drain) => drain.stop({ timeoutMs }))
  await Promise.allSettled(ends)
  await Promise.all(ends)
}

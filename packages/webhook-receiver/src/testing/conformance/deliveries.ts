import assert from 'node:assert/strict'
import { createEmitter, systemClock, systemRandom } from '@holdfast/core'
import type { EventBuffer } from '../../buffer/event-buffer.ts'
import { resolveDestination } from '../../drain/destination-options.ts'
import { createDrain, type Drain } from '../../drain/drain.ts'
import type { ReceiverEventMap } from '../../events/receiver-event-map.ts'
import type { DestinationOptions } from '../../receiver/destination-options.ts'
import { LEASE_MS } from './reading.ts'

/** How long a case waits for deliveries, in real time. */
const PATIENCE_MS = 20_000
/** So often the buffer's clock is moved meanwhile: a buffer may look by it whether there is something new. */
const STEP_MS = 200

/** What handlers did, and whether it was in order. */
export interface Ledger {
  /** Runs `work` as a delivery of an event, which is done when it resolves. */
  deliver(id: string, work?: () => unknown): Promise<void>
  /** Says that an event was given up. */
  giveUp(id: string): void
  /**
   * Resolves when all these events are done or given up.
   *
   * @throws AssertionError when an event began before those that come before it in its key had ended, or nothing comes of them.
   */
  settled(ids: readonly string[]): Promise<void>
  /** Has no delivery end that is under way, as when their process dies. */
  die(): void
}

/** Makes the ledger of events with these keys: the ids of each key in the order of the log. `advance` moves the clock of the buffer, where it has one. */
export function createLedger(
  keys: readonly (readonly string[])[],
  advance: (ms: number) => Promise<void> = async () => {},
): Ledger {
  const earlierOf = new Map(keys.flatMap((ids) => ids.map((id, index) => [id, ids.slice(0, index)] as const)))
  const ended = new Set<string>()
  const looks = new Set<() => void>()
  const wrong: string[] = []
  let underWay = new Set<string>()

  const look = (): void => {
    for (const each of looks) each()
  }

  const untilChanged = (isOver: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const each = (): void => {
        if (!isOver()) return
        looks.delete(each)
        resolve()
      }
      looks.add(each)
    })

  const end = (id: string): void => {
    ended.add(id)
    look()
  }

  return {
    async deliver(id, work = () => {}) {
      const process = underWay
      const before = (earlierOf.get(id) ?? []).filter((earlier) => process.has(earlier) || !ended.has(earlier))
      if (before.length > 0 || process.has(id)) wrong.push(`${id} began before the end of ${[...before, id][0]}`)
      process.add(id)
      try {
        await work()
      } finally {
        if (process !== underWay) await new Promise(() => {})
        process.delete(id)
      }
      end(id)
    },
    giveUp: end,
    async settled(ids) {
      const isOver = (): boolean => wrong.length > 0 || ids.every((id) => ended.has(id))
      const begunAt = systemClock.monotonicMs()
      while (!isOver()) {
        if (systemClock.monotonicMs() - begunAt > PATIENCE_MS) {
          const left = ids.filter((id) => !ended.has(id)).join(', ')
          assert.fail(`not delivered within ${PATIENCE_MS} ms: ${left}`)
        }
        await Promise.race([
          systemClock.sleep(STEP_MS).then(() => (isOver() ? undefined : advance(STEP_MS))),
          untilChanged(isOver),
        ])
      }
      assert.deepEqual(wrong, [])
    },
    die() {
      underWay = new Set()
    },
  }
}

/** How a drain of a case differs from others. */
export interface DrainSetup extends DestinationOptions {
  /** Of the consumer. Default: `orders`. */
  readonly name?: string
  /** Default: `tester`. */
  readonly owner?: string
  /** Default: a minute. */
  readonly leaseMs?: number
  /** An event was given up, and is among the dead letters. */
  readonly onGivenUp?: (id: string) => void
}

/** Starts the drain of a consumer, in real time. Its window is small, so that keys in trouble are soon parked. */
export async function startDrain(
  buffer: EventBuffer,
  { name = 'orders', owner = 'tester', leaseMs = LEASE_MS, onGivenUp = () => {}, ...destination }: DrainSetup,
): Promise<Drain> {
  const events = createEmitter<ReceiverEventMap>()
  events.on('delivery:dead-lettered', ({ id }) => onGivenUp(id))
  const drain = createDrain({
    name,
    destination: resolveDestination(name, {
      orderingKey: ({ key }) => key,
      baseDelayMs: 1,
      maxDelayMs: 1,
      ...destination,
    }),
    buffer,
    consumer: await buffer.openConsumer(name),
    owner,
    clock: systemClock,
    random: systemRandom,
    events,
    limits: { records: 16, span: 16, bytes: 1024 * 1024 },
    leaseMs,
  })
  drain.start()
  return drain
}

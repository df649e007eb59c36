import type { EventBuffer } from '@holdfast/webhook-receiver'
import { besideBar, microseconds, ratio, type Section } from './report.ts'
import { appendMany, smallEvents } from './small-events.ts'
import { median } from './statistics.ts'

const FILL_BATCH = 5_000
const AT_ONCE = 64
const ROUNDS = 9
const BAR = 1.2

/** A server with an open buffer of which nothing is drained. */
export interface StoringServer {
  readonly buffer: EventBuffer
  /** Processor time that it has used for appends so far, in microseconds. */
  processorUs(): Promise<number>
  /** What everything that is stored takes. */
  bytes(): Promise<number>
  dispose(): Promise<void>
}

/** Of which server the question is asked. */
export interface StoredCostPlan {
  readonly server: string
  /** How it is set up. */
  readonly setup: string
  /** Heading of the column of what is taken. */
  readonly bytesColumn: string
  readonly steps: readonly number[]
  readonly start: () => Promise<StoringServer>
}

/** What an append costs while so many events are stored. */
interface Cost {
  readonly stored: number
  /** Processor time of the server, and the time until it was acknowledged, both for one event. */
  readonly processorUs: number
  readonly wallUs: number
  readonly bytes: number
}

/** Does an append become dearer with what is stored? */
export async function storedCost(plan: StoredCostPlan, quick: boolean): Promise<Section> {
  const { server, setup, bytesColumn } = plan
  const perRound = quick ? 1_024 : 6_400
  const costs = await measure(plan, quick ? [1_000, 20_000] : plan.steps, perRound)
  const [first, last] = [costs[0] as Cost, costs.at(-1) as Cost]
  const factor = last.processorUs / first.processorUs
  const count = (events: number): string => events.toLocaleString('en-US')
  return {
    title: `Inbound: cost of an append on ${server}, by what is stored`,
    method: [
      `Events of 100 bytes in 16 partitions with their ids, none of them drained; ${setup}`,
      `${AT_ONCE} events at once, ${count(perRound)} in each of ${ROUNDS} rounds after one that is not counted; medians`,
    ],
    columns: ['events stored', `µs of ${server} per event`, 'µs until acknowledged', bytesColumn, '× the first'],
    rows: costs.map(({ stored, processorUs, wallUs, bytes }) => [
      count(stored),
      microseconds(processorUs),
      microseconds(wallUs),
      String(Math.round(bytes / 2 ** 20)),
      ratio(processorUs / first.processorUs),
    ]),
    conclusions: [
      besideBar(
        `${count(last.stored)} against ${count(first.stored)} stored, processor time of ${server}`,
        `${factor.toFixed(2)} ×`,
        `≤ ${BAR}`,
        factor <= BAR,
      ),
    ],
  }
}

async function measure({ start }: StoredCostPlan, steps: readonly number[], perRound: number): Promise<Cost[]> {
  const server = await start()
  try {
    const { buffer } = server
    const nextEvent = smallEvents()
    const costs: Cost[] = []
    let stored = 0
    for (const step of steps) {
      while (stored < step) {
        const count = Math.min(FILL_BATCH, step - stored)
        await buffer.append(Array.from({ length: count }, nextEvent))
        stored += count
      }
      const rounds: (readonly [processorUs: number, wallUs: number])[] = []
      for (let round = 0; round <= ROUNDS; round += 1) {
        const usedBefore = await server.processorUs()
        const startedAt = performance.now()
        for (let sent = 0; sent < perRound; sent += AT_ONCE) await appendMany(buffer, nextEvent, AT_ONCE)
        const wallUs = (performance.now() - startedAt) * 1_000
        if (round > 0) rounds.push([(await server.processorUs()) - usedBefore, wallUs])
      }
      costs.push({
        stored: step,
        processorUs: median(rounds.map(([processorUs]) => processorUs)) / perRound,
        wallUs: median(rounds.map(([, wallUs]) => wallUs)) / perRound,
        bytes: await server.bytes(),
      })
      stored += (ROUNDS + 1) * perRound
    }
    return costs
  } finally {
    await server.dispose()
  }
}

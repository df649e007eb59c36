import { redisBuffer } from '@holdfast/adapters/redis'
import { Redis } from 'ioredis'
import { startRedis } from '../state/redis-service.ts'
import { besideBar, microseconds, ratio, type Section } from './report.ts'
import { appendMany, smallEvents } from './small-events.ts'
import { median } from './statistics.ts'

const FILL_BATCH = 5_000
const AT_ONCE = 64
const ROUNDS = 9
const BAR = 1.2
const MICROSECONDS = 1e6

/** What an append costs while so many events are stored. */
interface Cost {
  readonly stored: number
  /** Processor time of Redis, and the time until it was acknowledged, both for one event. */
  readonly redisUs: number
  readonly wallUs: number
  readonly memoryBytes: number
}

/** Does an append on Redis become dearer with what is stored? */
export async function appendsByStored(quick: boolean): Promise<Section> {
  const steps = quick ? [1_000, 20_000] : [10_000, 1_000_000, 5_000_000]
  const perRound = quick ? 1_024 : 6_400
  const costs = await measure(steps, perRound)
  const [first, last] = [costs[0] as Cost, costs.at(-1) as Cost]
  const factor = last.redisUs / first.redisUs
  return {
    title: 'Inbound: cost of an append on Redis, by what is stored',
    method: [
      'Events of 100 bytes in 16 partitions with their ids, none of them drained; a Redis without an append-only file, whose cost does not depend on what is stored',
      `${AT_ONCE} events at once, ${perRound.toLocaleString('en-US')} in each of ${ROUNDS} rounds; medians`,
    ],
    columns: ['events stored', 'µs of Redis per event', 'µs until acknowledged', 'MiB used', '× the first'],
    rows: costs.map(({ stored, redisUs, wallUs, memoryBytes }) => [
      stored.toLocaleString('en-US'),
      microseconds(redisUs),
      microseconds(wallUs),
      String(Math.round(memoryBytes / 2 ** 20)),
      ratio(redisUs / first.redisUs),
    ]),
    conclusions: [
      besideBar(
        `${last.stored.toLocaleString('en-US')} against ${first.stored.toLocaleString('en-US')} stored, processor time of Redis`,
        `${factor.toFixed(2)} ×`,
        `≤ ${BAR}`,
        factor <= BAR,
      ),
    ],
  }
}

async function measure(steps: readonly number[], perRound: number): Promise<Cost[]> {
  const redis = await startRedis()
  const client = new Redis({ port: redis.port })
  const buffer = redisBuffer(client, { name: 'inbox', durability: 'memory' })
  try {
    await buffer.open()
    await buffer.openConsumer('nobody')
    const nextEvent = smallEvents()
    const costs: Cost[] = []
    let stored = 0
    for (const step of steps) {
      for (; stored < step; stored += FILL_BATCH)
        await appendMany(buffer, nextEvent, Math.min(FILL_BATCH, step - stored))
      stored = step
      const rounds: (readonly [redisUs: number, wallUs: number])[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const cpuBefore = await cpuSecondsOf(client)
        const startedAt = performance.now()
        for (let sent = 0; sent < perRound; sent += AT_ONCE) await appendMany(buffer, nextEvent, AT_ONCE)
        const wallUs = (performance.now() - startedAt) * 1_000
        rounds.push([((await cpuSecondsOf(client)) - cpuBefore) * MICROSECONDS, wallUs])
      }
      costs.push({
        stored: step,
        redisUs: median(rounds.map(([redisUs]) => redisUs)) / perRound,
        wallUs: median(rounds.map(([, wallUs]) => wallUs)) / perRound,
        memoryBytes: Number(await fieldOf(client, 'memory', 'used_memory')),
      })
      stored += ROUNDS * perRound
    }
    return costs
  } finally {
    await buffer.close()
    client.disconnect()
    await redis.dispose()
  }
}

async function cpuSecondsOf(client: Redis): Promise<number> {
  const [user, system] = await Promise.all(
    ['used_cpu_user_main_thread', 'used_cpu_sys_main_thread'].map((field) => fieldOf(client, 'cpu', field)),
  )
  return Number(user) + Number(system)
}

async function fieldOf(client: Redis, section: string, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(await client.info(section))?.[1]
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BufferStats, EventBuffer } from '@holdfast/webhook-receiver'
import { seededRandom } from '../crash/seeded-random.ts'
import { eventOf } from '../state/redis-events.ts'
import { expectedBalance, openBooks, readBooks } from './books.ts'
import type { CursorWatch, WrongMove } from './cursor-watch.ts'
import type { Effects } from './drainer.ts'
import { type Drainers, startDrainers } from './drainers.ts'
import { judge, readLedgers, type Verdict } from './ledger.ts'
import { type OpenStore, type Server, type StoreName, stores } from './stores.ts'

/** What is played. */
export interface SharedDrainPlan {
  readonly store: StoreName
  /** Where handlers note what they do; `transaction` on PostgreSQL only. */
  readonly effects: Effects
  readonly events: number
  readonly keys: number
  readonly seed: number
  /** Time between two misfortunes, in ms. */
  readonly everyMs: number
  readonly leaseMs: number
  /** How often the server is killed and started again. */
  readonly restarts: number
  /** How long each of the senders waits between two calls of twenty events, in ms. */
  readonly pauseMs: number
  /** Senders wait while so many events are not drained, so that misfortunes hit those who drain to the end. */
  readonly maxBacklog: number
  readonly onProgress?: (line: string) => void
}

/** What came of it. */
export interface SharedDrainReport extends Verdict {
  readonly acknowledged: number
  /** Moves of cursors that must not be. */
  readonly wrongMoves: readonly WrongMove[]
  /** What the accounts have too much or too little, where handlers book. */
  readonly balanceError: number
  readonly kills: number
  readonly freezes: number
  readonly restarts: number
  readonly durationMs: number
  readonly stats: BufferStats
}

const SENDERS = 8
const CALL_EVENTS = 20

/** Plays the plan: three processes drain what is sent, while they are killed and frozen, and the server is. */
export async function playSharedDrain(plan: SharedDrainPlan): Promise<SharedDrainReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-shared-drain-'))
  const { clients, serve, connect, watch } = stores[plan.store]
  const server = await serve()
  const opened = await connect(server.port, clients[0] as string)
  const { buffer } = opened
  await buffer.open()
  // Registered before anything is stored, so that nothing of it is deleted.
  await buffer.openConsumer('ledger')
  const cursorWatch = await watch(server.port, opened)
  if (plan.effects === 'transaction') await openBooks(opened)
  const { store, effects, leaseMs } = plan
  const drainers = await startDrainers(
    clients.map((client) => ({ store, port: server.port, client, effects, directory, leaseMs })),
  )
  try {
    const begunMs = performance.now()
    const sending = send(buffer, plan)
    const misfortunes = haunt(drainers, server, plan, sending.progress, () => sending.isOver())
    const acknowledged = await sending.done
    const counts = await misfortunes
    const stats = await untilDrained(buffer)
    const durationMs = performance.now() - begunMs
    await drainers.stop()
    return {
      ...(await audit(plan, opened, cursorWatch, directory, acknowledged)),
      acknowledged: [...acknowledged.values()].reduce((sum, count) => sum + count, 0),
      ...counts,
      durationMs,
      stats,
    }
  } finally {
    drainers.destroy()
    cursorWatch.close()
    await buffer.close()
    await opened.close()
    await server.dispose()
    await rm(directory, { recursive: true, force: true })
  }
}

async function audit(
  { effects }: SharedDrainPlan,
  opened: OpenStore,
  cursorWatch: CursorWatch,
  directory: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<Verdict & Pick<SharedDrainReport, 'wrongMoves' | 'balanceError'>> {
  const moves = await cursorWatch.wrongMoves()
  if (effects === 'file') return { ...judge(readLedgers(directory), acknowledged), wrongMoves: moves, balanceError: 0 }
  const { entries, balance } = await readBooks(opened)
  const balanceError = balance - expectedBalance(acknowledged)
  return { ...judge(entries, acknowledged), wrongMoves: moves, balanceError }
}

interface Sending {
  readonly done: Promise<ReadonlyMap<string, number>>
  /** Share of the events that is acknowledged. */
  readonly progress: () => number
  readonly isOver: () => boolean
}

/** Sends the events of each key in order, each call until it is acknowledged. */
function send(buffer: EventBuffer, { events, keys, pauseMs, maxBacklog }: SharedDrainPlan): Sending {
  const acknowledged = new Map<string, number>()
  let count = 0
  let over = false
  const hasRoom = backlogWatch(buffer, maxBacklog, () => over)
  const sendKeys = async (own: readonly string[]): Promise<void> => {
    while (count < events) {
      const call = Array.from({ length: CALL_EVENTS }, (_, index) => own[(count + index) % own.length] as string)
      const next = new Map<string, number>()
      const batch = call.map((key) => {
        const seq = next.get(key) ?? acknowledged.get(key) ?? 0
        next.set(key, seq + 1)
        return eventOf(`${key}:${seq}`, key)
      })
      await untilAcknowledged(buffer, batch)
      for (const [key, seq] of next) acknowledged.set(key, seq)
      count += CALL_EVENTS
      do await sleep(pauseMs)
      while (!hasRoom())
    }
  }
  const names = Array.from({ length: keys }, (_, index) => `key_${index}`)
  const senders = Array.from({ length: SENDERS }, (_, sender) =>
    sendKeys(names.filter((_name, index) => index % SENDERS === sender)),
  )
  const done = Promise.all(senders).then(() => {
    over = true
    return acknowledged
  })
  return { done, progress: () => count / events, isOver: () => over }
}

/** Looks at the backlog until it is over. Says whether there is less than the maximum. */
function backlogWatch(buffer: EventBuffer, maxBacklog: number, isOver: () => boolean): () => boolean {
  let backlog = 0
  const watch = async (): Promise<void> => {
    while (!isOver()) {
      const stats = await buffer.stats().catch(() => undefined)
      backlog = stats?.consumers[0]?.backlog ?? backlog
      await sleep(250)
    }
  }
  void watch()
  return () => backlog < maxBacklog
}

async function untilAcknowledged(buffer: EventBuffer, batch: Parameters<EventBuffer['append']>[0]): Promise<void> {
  for (;;) {
    try {
      await buffer.append(batch)
      return
    } catch {
      await sleep(20)
    }
  }
}

/** Kills and freezes processes, and the server at even distances, until everything is sent. */
async function haunt(
  drainers: Drainers,
  server: Server,
  { seed, everyMs, leaseMs, restarts, onProgress }: SharedDrainPlan,
  progress: () => number,
  isOver: () => boolean,
): Promise<{ readonly kills: number; readonly freezes: number; readonly restarts: number }> {
  const random = seededRandom(seed)
  const counts = { kills: 0, freezes: 0, restarts: 0 }
  const thaws: Promise<void>[] = []
  while (!isOver() || counts.restarts < restarts) {
    await sleep(everyMs)
    const index = random.integer(0, drainers.count - 1)
    if (counts.restarts < restarts && progress() >= (counts.restarts + 1) / (restarts + 1)) {
      counts.restarts++
      await server.kill()
      await server.start()
    } else if (random.chance(0.5)) {
      counts.kills++
      drainers.kill(index)
    } else {
      counts.freezes++
      thaws.push(drainers.freeze(index, leaseMs * 1.5))
    }
    onProgress?.(`${Math.round(progress() * 100)} % sent, ${JSON.stringify(counts)}`)
  }
  await Promise.all(thaws)
  return counts
}

async function untilDrained(buffer: EventBuffer): Promise<BufferStats> {
  for (;;) {
    const stats = await buffer.stats().catch(() => undefined)
    if (stats !== undefined && stats.consumers.every(({ backlog }) => backlog === 0)) return stats
    await sleep(50)
  }
}

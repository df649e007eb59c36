import { setImmediate as nextTurn } from 'node:timers/promises'
import { InvalidOptionsError } from '@holdfast/core'
import {
  type AppendResult,
  type BufferCaps,
  type BufferDurability,
  BufferError,
  type EventBuffer,
  type Lease,
  type OpenReport,
} from '@holdfast/webhook-receiver'
import {
  type AppendQueue,
  answerInTime,
  createAppendQueue,
  createArrivals,
  createByteBudget,
  createHandover,
  createLifetime,
  loopUtilization,
  positionOf,
  positionUpTo,
  runsOf,
  seqOf,
} from '@holdfast/webhook-receiver/buffer-kit'
import type { BinaryRedisLike, BunRedisLike } from './client.ts'
import { bufferFailure } from './buffer-failure.ts'
import { openWaitAof } from './cluster-synced-writes.ts'
import { joinCalls } from './join-calls.ts'
import type { RunScript } from './script.ts'
import { scriptRunner } from './script-runner.ts'
import { bytesOf, type EventRecord, recordOf } from './event-record.ts'
import { statsOfReplies } from './buffer-stats.ts'
import { consumerKey, createPartition, entriesOf, groupedBy, type Partition } from './partition.ts'
import { type RedisBufferOptions, resolveRedisBufferOptions, retentionArguments } from './redis-buffer-options.ts'
import { createRedisConsumer } from './redis-consumer.ts'
import { releaseScript } from './cursor-scripts.ts'
import {
  appendScript,
  historyScript,
  lastScript,
  openScript,
  positionBeforeScript,
  registerScript,
  removeScript,
  statsScript,
} from './log-scripts.ts'
import type { Keeper, SyncedWrites } from './synced-writes.ts'
import { askAppendfsync, checkServer, isOneServer } from './server-check.ts'

const FORMAT = '1'
// Clocks of senders and of the server may differ by so much.
const CLOCK_SKEW_MS = 60_000
// Longest time that a batch is kept for those whom the one before has answered.
const LINGER_MS = 5

/** The number of an event, negative where it was known; or why its partition could not be written. */
type Outcome = number | BufferError

/**
 * An `EventBuffer` on Redis 7 or Valkey, on the client that the application has: ioredis, iovalkey, node-redis, clusters included, or Bun's. It never
 * connects, closes or configures it. Processes that name the same buffer share it: each can take events, and they divide its partitions among
 * them to drain them.
 *
 * `open` refuses a server that may delete events by itself, or keeps none of them; `caps.durability` says from then on what it found.
 *
 * @throws InvalidOptionsError when the client or an option is wrong.
 */
export function redisBuffer(client: BinaryRedisLike | BunRedisLike, options: RedisBufferOptions): EventBuffer {
  const resolved = resolveRedisBufferOptions(options)
  const { name, prefix, clock, maxEventBytes, maxQueuedBytes, maxBatchBytes, timeoutMs, dedupeWindowMs } = resolved
  const runAlone = scriptRunner(client)
  let isOne = false
  const runJoined = joinCalls(runAlone, () => {
    isOne = false
  })
  let synced: SyncedWrites | undefined
  const keepers = new WeakMap<EventRecord, Keeper>()
  const run: RunScript = (...call) => (isOne ? runJoined : runAlone)(...call)
  const partitions = Array.from({ length: resolved.partitions }, (_, index) =>
    createPartition({ prefix, name, run, clock, timeoutMs }, index),
  )
  const arrivals = createArrivals({
    clock,
    pollMs: resolved.pollMs,
    lastSeqs: async (indexes) => new Map(await Promise.all(indexes.map(lastSeqOf))),
  })
  const handover = createHandover(clock)
  const retention = retentionArguments(resolved.retention)
  const leases = new Map<string, { readonly consumer: string; readonly lease: Lease }>()
  const lifetime = createLifetime()
  const requireOpen = (): void => lifetime.requireOpen()
  let durability: BufferDurability = resolved.durability ?? 'os'
  const budget = createByteBudget(maxQueuedBytes, 'Redis')

  const partitionAt = (index: number): Partition => {
    const partition = partitions[index]
    if (partition !== undefined) return partition
    throw new InvalidOptionsError({
      path: 'partition',
      expected: `a partition from 0 to ${partitions.length - 1}`,
      received: index,
    })
  }

  const lastSeqOf = async (index: number): Promise<readonly [index: number, seq: number]> => {
    try {
      return [index, Number(await partitionAt(index).run(lastScript, []))]
    } catch {
      // Its node is away, not those of the others.
      return [index, Infinity]
    }
  }

  const store = async (partition: Partition, records: readonly EventRecord[]): Promise<readonly number[]> => {
    const bytes = bytesOf(records)
    const args = records.flatMap(({ fingerprint, meta, body }) => [fingerprint, meta, body])
    // What the client keeps while it is offline counts until it lets go of it.
    const onSettled = (): void => budget.giveBack(bytes)
    const windowMs = String(Math.ceil(dedupeWindowMs))
    const answer = await partition.run(appendScript, [windowMs, ...args], undefined, onSettled)
    const [history, ...numbers] = (answer as Buffer[]).map(String) as [string, ...string[]]
    const seqs = numbers.map(Number)
    const keeper = synced?.keeperOf(partition.index)
    if (keeper !== undefined) for (const record of records) keepers.set(record, keeper)
    for (const run of runsOf(records, seqs)) handover.offer(run, history)
    arrivals.announce(partition.index, Math.max(...seqs.map(Math.abs)))
    return seqs
  }

  const storeAll = async (records: readonly EventRecord[]): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = []
    const byPartition = groupedBy(records.keys(), (index) => (records[index] as EventRecord).partition)
    await Promise.all(
      Array.from(byPartition, async ([partition, indexes]) => {
        const among = indexes.map((index) => records[index] as EventRecord)
        const stored = await store(partitionAt(partition), among).catch(bufferFailure)
        for (const [place, index] of indexes.entries())
          outcomes[index] = stored instanceof BufferError ? stored : (stored[place] as number)
      }),
    )
    return outcomes
  }

  // With `waitAof` those whom a batch has answered still wait for disks: none of them would be back in that time.
  const linger = resolved.waitAof === undefined ? { linger: { clock, maxMs: LINGER_MS } } : {}
  const loopShare = loopUtilization()
  // In a cluster several batches are under way as it is.
  const utilization = (): number => (isOne ? loopShare() : 0)
  // On one server everything goes together; in a cluster a node that is away holds up nothing but its own.
  const queueOf = (): AppendQueue<EventRecord, Outcome> =>
    createAppendQueue({ maxBatchBytes, nextTurn, send: storeAll, utilization, ...linger })
  const queues = partitions.map(queueOf)

  /** Resolves with what became of each, or rejects, when nothing of it is under way any more. */
  const addAll = async (records: readonly EventRecord[]): Promise<readonly Outcome[]> => {
    const [first] = queues
    if (isOne && first !== undefined) return first.add(records)
    const outcomes: Outcome[] = []
    const byPartition = groupedBy(records.keys(), (index) => (records[index] as EventRecord).partition)
    await allDone(
      Array.from(byPartition, async ([partition, indexes]) => {
        const queue = queues[partition] as AppendQueue<EventRecord, Outcome>
        const added = await queue.add(indexes.map((index) => records[index] as EventRecord))
        for (const [place, index] of indexes.entries()) outcomes[index] = added[place] as Outcome
      }),
    )
    return outcomes
  }

  const releaseAll = async (): Promise<void> => {
    const held = [...leases.values()]
    leases.clear()
    const releases = held.map(({ consumer, lease }) =>
      partitionAt(lease.partition).run(releaseScript, [String(lease.epoch), ...retention], consumerKey(consumer)),
    )
    // A lease that cannot be given back ends by itself.
    await Promise.allSettled(releases)
  }

  const startUp = async (): Promise<OpenReport> => {
    const begunMs = clock.monotonicMs()
    const asked = resolved.durability === undefined ? askAppendfsync(client) : Promise.resolve(undefined)
    const appendfsync = await answerInTime(asked, { clock, timeoutMs, server: 'Redis' })
    const answers = await Promise.all(
      partitions.map((partition) => partition.run(openScript, [FORMAT, String(partitions.length)])),
    )
    for (const answer of answers) {
      const [format, count, info] = (answer as Buffer[]).map(String) as [string, string, string]
      if (format !== FORMAT)
        throw new BufferError('buffer_unusable', `The buffer "${name}" has format ${format}; this is ${FORMAT}.`)
      if (Number(count) !== partitions.length)
        throw new BufferError(
          'buffer_unusable',
          `The buffer "${name}" has ${count} partitions, not ${partitions.length}. Their number is fixed.`,
        )
      durability = checkServer(info, appendfsync, resolved.durability)
    }
    const infos = (answers as Buffer[][]).map(([, , info]) => String(info))
    isOne = isOneServer(infos)
    if (resolved.waitAof !== undefined) {
      durability = resolved.durability ?? (resolved.waitAof.replicas > 0 ? 'replicated' : 'fsync')
      synced = await openWaitAof({ ...resolved.waitAof, partitions, clock, timeoutMs }, infos)
    }
    return {
      durationMs: clock.monotonicMs() - begunMs,
      scannedBytes: 0,
      tornBytes: 0,
      holes: [],
      lostAside: 0,
    }
  }

  const shutDown = async (): Promise<void> => {
    await Promise.all(queues.map((queue) => queue.idle()))
    await releaseAll()
    arrivals.wakeAll()
  }

  return {
    get caps(): BufferCaps {
      return {
        durability,
        partitions: partitions.length,
        multiProcess: true,
        maxEventBytes,
        dedupeWindowMs,
        transactionalAck: false,
        asideMarks: true,
      }
    },
    open: () => lifetime.open(startUp),
    async append(events) {
      requireOpen()
      const records = events.map((event) => recordOf(event, partitions.length, maxEventBytes))
      budget.take(bytesOf(records))
      const outcomes = await addAll(records)
      const results = records.map(({ partition }, index): AppendResult => {
        const seq = outcomes[index] as Outcome
        if (seq instanceof BufferError) throw seq
        return { status: seq < 0 ? 'duplicate' : 'appended', partition, position: positionOf(Math.abs(seq)) }
      })
      await synced?.wait(records.flatMap((record) => keepers.get(record) ?? []))
      return results
    },
    async openConsumer(consumer, { from = 'earliest' } = {}) {
      requireOpen()
      const key = consumerKey(consumer)
      await Promise.all(partitions.map((partition) => partition.run(registerScript, [key, from], key)))
      return createRedisConsumer({
        name: consumer,
        partitions,
        arrivals,
        handover,
        retention,
        requireOpen,
        onLease: (owner, lease, held) => {
          if (held) leases.set(`${owner}:${lease.partition}`, { consumer: owner, lease })
          else leases.delete(`${owner}:${lease.partition}`)
        },
      })
    },
    async removeConsumer(consumer) {
      requireOpen()
      const key = consumerKey(consumer)
      await Promise.all(partitions.map((partition) => partition.run(removeScript, [key, ...retention], key)))
    },
    async read(partition, after, { limit, maxBytes: most }) {
      requireOpen()
      const reply = await partitionAt(partition).run(historyScript, [
        '',
        String(seqOf(after)),
        String(limit),
        String(most),
      ])
      return entriesOf(partition, reply as Buffer[], undefined)
    },
    async positionBefore(partition, at) {
      requireOpen()
      const seq = await partitionAt(partition).run(positionBeforeScript, [String(at - CLOCK_SKEW_MS)])
      return positionUpTo(Number(String(seq)))
    },
    async stats() {
      requireOpen()
      const replies = await Promise.all(partitions.map((partition) => partition.run(statsScript, [])))
      return statsOfReplies(replies as (Buffer | number)[][])
    },
    close: () => lifetime.close(shutDown),
  }
}

/** Waits for all, then tells of the first that failed: nobody is told while something of it is still under way. */
async function allDone(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(promises)
  await Promise.all(promises)
}

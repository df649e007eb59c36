import { BufferError, type Consumer, type EventPlace, type Lease, type ParkedLane } from '@holdfast/webhook-receiver'
import {
  type Arrivals,
  createLogReads,
  type Handover,
  positionOf,
  positionUpTo,
  seqOf,
} from '@holdfast/webhook-receiver/buffer-kit'
import type { Script, ScriptArgument } from './script.ts'
import { readDeadLetters } from './dead-letters.ts'
import { consumerKey, entriesOf, groupedBy, type Partition, rowsOf } from './partition.ts'
import {
  asideMarkScript,
  deadLanesScript,
  deadLetterScript,
  parkedLanesScript,
  parkScript,
  purgeScript,
  readParkedScript,
  redriveScript,
} from './aside-scripts.ts'
import { acquireScript, attendScript, commitScript, loadScript, releaseScript, renewScript } from './cursor-scripts.ts'
import { readScript } from './log-scripts.ts'
import { STALE } from './script-parts.ts'
import { eventOfRecord, letterArguments, parkedArguments, parkedState } from './set-aside.ts'

// What is sent with one script, beside what one event may have.
const MAX_SENT_BYTES = 1024 * 1024
const MAX_SENT_EVENTS = 256

/** What a consumer is made of. */
export interface RedisConsumerOptions {
  readonly name: string
  readonly partitions: readonly Partition[]
  readonly arrivals: Arrivals
  readonly handover: Handover
  /** What is kept of what everybody is through with, as arguments of scripts. */
  readonly retention: readonly [minAgeMs: string, maxBytes: string]
  /** @throws BufferError `buffer_closed` */
  readonly requireOpen: () => void
  /** A lease was taken, or given back. */
  readonly onLease: (consumer: string, lease: Lease, held: boolean) => void
}

/** Makes the face of a consumer that is registered. */
export function createRedisConsumer(options: RedisConsumerOptions): Consumer {
  const { name, partitions, arrivals, handover, retention, requireOpen, onLease } = options
  const key = consumerKey(name)

  const partitionOf = (index: number): Partition => {
    const partition = partitions[index]
    if (partition === undefined) throw staleLease(index)
    return partition
  }

  const staleLease = (partition: number): BufferError =>
    new BufferError('stale_lease', `Partition ${partition} of consumer "${name}" belongs to somebody else now.`)

  const ask = async (partition: number, script: Script, args: readonly ScriptArgument[]): Promise<unknown> => {
    requireOpen()
    return partitionOf(partition).run(script, args, key)
  }

  const askLeased = async (lease: Lease, script: Script, args: readonly ScriptArgument[] = []): Promise<unknown> => {
    const reply = await ask(lease.partition, script, [String(lease.epoch), ...args])
    if (isStale(reply)) throw staleLease(lease.partition)
    return reply
  }

  const reads = createLogReads({
    arrivals,
    handover,
    requireOpen,
    async ask({ lease, after, isFirst, limit, maxBytes }) {
      const reply = await askLeased(lease, readScript, [String(after), String(limit), String(maxBytes)])
      return entriesOf(lease.partition, reply as Buffer[], isFirst ? undefined : after)
    },
  })

  const inParts = async <Item extends { readonly event: { readonly body: Uint8Array } }>(
    items: readonly Item[],
    use: (part: readonly Item[]) => Promise<unknown>,
  ): Promise<void> => {
    let part: Item[] = []
    let bytes = 0
    for (const item of items) {
      const isFull = part.length === MAX_SENT_EVENTS || bytes + item.event.body.byteLength > MAX_SENT_BYTES
      if (part.length > 0 && isFull) {
        await use(part)
        part = []
        bytes = 0
      }
      part.push(item)
      bytes += item.event.body.byteLength
    }
    if (part.length > 0) await use(part)
  }

  const takeDeadLetters = async (places: readonly EventPlace[], script: Script): Promise<number> => {
    requireOpen()
    const byPartition = groupedBy(
      places.filter(({ partition }) => partitions[partition] !== undefined),
      ({ partition }) => partition,
    )
    const taken = await Promise.all(
      Array.from(byPartition, ([partition, among]) =>
        ask(
          partition,
          script,
          among.map(({ position }) => String(seqOf(position))),
        ),
      ),
    )
    return taken.reduce<number>((sum, count) => sum + Number(count), 0)
  }

  const acquireOne = async (partition: number, owner: string, leaseMs: number): Promise<Lease | undefined> => {
    const reply = await ask(partition, acquireScript, [owner, String(Math.ceil(leaseMs)), key])
    if (reply === null) return undefined
    const [epoch, ends, history] = (reply as Buffer[]).map(String) as [string, string, string]
    const lease = { partition, epoch: Number(epoch), expiresAt: Number(ends) / 1000 }
    // Of one that does not name its history nobody could tell it from another.
    if (history !== '') reads.leased(lease, history)
    onLease(name, lease, true)
    return lease
  }

  return {
    name,
    async attend({ owner, leaseMs }) {
      const reply = await ask(0, attendScript, [owner, String(Math.ceil(leaseMs))])
      return (reply as Buffer[]).map(String).toSorted()
    },
    async acquire({ owner, leaseMs, max = Infinity }) {
      requireOpen()
      const leases: Lease[] = []
      // Not more at once than may be taken: what was taken cannot be left.
      for (let from = 0; from < partitions.length && leases.length < max; ) {
        const some = partitions.slice(from, from + max - leases.length)
        from += some.length
        const taken = await Promise.all(some.map(({ index }) => acquireOne(index, owner, leaseMs)))
        leases.push(...taken.filter((lease) => lease !== undefined))
      }
      return leases
    },
    read: reads.read,
    async load(lease) {
      const [low, done, retry] = (await askLeased(lease, loadScript)) as [Buffer, Buffer[], Buffer[]]
      return {
        lowWater: positionUpTo(Number(String(low))),
        done: done.map((seq) => positionOf(Number(String(seq)))),
        retry: rowsOf(retry, 2).map(([seq, state]) => {
          const [attempts, nextAt] = String(state).split(' ').map(Number) as [number, number]
          return { position: positionOf(Number(String(seq))), attempts, nextAt }
        }),
      }
    },
    async commit(lease, { done = [], retry = [] }) {
      const failed = retry.flatMap(({ position, attempts, nextAt }) => [
        String(seqOf(position)),
        String(attempts),
        String(nextAt),
      ])
      const seqs = done.map((position) => String(seqOf(position)))
      await askLeased(lease, commitScript, [...retention, String(retry.length), ...failed, ...seqs])
    },
    park: (lease, events) =>
      inParts(events, (part) => askLeased(lease, parkScript, [...retention, ...part.flatMap(parkedArguments)])),
    async parkedLanes(lease) {
      const reply = (await askLeased(lease, parkedLanesScript)) as Buffer[]
      return rowsOf(reply, 6).map(([lane, events, bytes, seq, state, blocked]): ParkedLane => {
        const { redrives: _, ...head } = parkedState(state as Buffer, blocked ?? null)
        return {
          lane: String(lane),
          events: Number(String(events)),
          bytes: Number(String(bytes)),
          head: { position: positionOf(Number(String(seq))), ...head },
        }
      })
    },
    async readParked(lease, lane, { limit, maxBytes }) {
      const reply = (await askLeased(lease, readParkedScript, [lane, String(limit), String(maxBytes)])) as Buffer[]
      return rowsOf(reply, 4).map(([seq, state, blocked, record]) => ({
        kind: 'event',
        parked: {
          event: eventOfRecord(lease.partition, Number(String(seq)), record as Buffer),
          lane,
          ...parkedState(state as Buffer, blocked ?? null),
        },
      }))
    },
    deadLetter: (lease, letters) =>
      inParts(letters, (part) => askLeased(lease, deadLetterScript, [...retention, ...part.flatMap(letterArguments)])),
    deadLetters: () => readDeadLetters(partitions, (partition, script, args) => ask(partition, script, args)),
    async deadLanes(lease) {
      return ((await askLeased(lease, deadLanesScript)) as Buffer[]).map(String)
    },
    asideMark: async (lease) => String(await askLeased(lease, asideMarkScript)),
    redrive: (places) => takeDeadLetters(places, redriveScript),
    purge: (places) => takeDeadLetters(places, purgeScript),
    async renew(lease, leaseMs) {
      const reply = await ask(lease.partition, renewScript, [
        String(lease.epoch),
        String(Math.ceil(leaseMs)),
        ...retention,
      ])
      return !isStale(reply)
    },
    async release(lease) {
      onLease(name, lease, false)
      await ask(lease.partition, releaseScript, [String(lease.epoch), ...retention])
    },
  }
}

function isStale(reply: unknown): boolean {
  return Buffer.isBuffer(reply) && String(reply) === STALE
}

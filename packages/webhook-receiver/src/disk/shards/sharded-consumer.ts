import { InvalidOptionsError } from '@holdfast/core'
import { BufferError } from '../../buffer/buffer-error.ts'
import type {
  Consumer,
  CursorDelta,
  CursorState,
  DeadLetter,
  EventPlace,
  Lease,
  LogEntry,
  ParkedEntry,
  ParkedEvent,
  ParkedLane,
  Position,
} from '../../buffer/event-buffer.ts'
import { entryIn, eventIn, holeIn } from './partition-of-shard.ts'
import type { Shard } from './shard.ts'

/** What a consumer sees of its buffer. */
export interface HeldShards {
  /** Those that this process has now. */
  held(): readonly Shard[]
  /** Takes over what nobody has, where that is due. */
  adopt(): Promise<void>
}

/** A consumer of a buffer with shards: each shard is a partition, and the lock of its directory is the lease. */
export class ShardedConsumer implements Consumer {
  readonly name: string
  readonly #from: 'earliest' | 'latest'
  readonly #shards: HeldShards

  constructor(name: string, from: 'earliest' | 'latest', shards: HeldShards) {
    this.name = name
    this.#from = from
    this.#shards = shards
  }

  async attend({ owner, leaseMs }: Parameters<Consumer['attend']>[0]): Promise<string[]> {
    this.#held()
    return leaseMs > 0 ? [owner] : []
  }

  async acquire({ owner, leaseMs, max = Infinity }: Parameters<Consumer['acquire']>[0]): Promise<Lease[]> {
    this.#held()
    await this.#shards.adopt()
    const leases: Lease[] = []
    for (const shard of this.#held().slice(0, Math.max(0, max))) {
      const consumer = await shard.consumer(this.name, this.#from)
      for (const lease of await consumer.acquire({ owner, leaseMs })) leases.push({ ...lease, partition: shard.index })
    }
    return leases
  }

  async read(lease: Lease, after: Position | null, options: Parameters<Consumer['read']>[2]): Promise<LogEntry[]> {
    const entries = await this.#call(lease, (consumer, own) => consumer.read(own, after, options))
    return lease.partition === 0 ? entries : entries.map((entry) => entryIn(lease.partition, entry))
  }

  load(lease: Lease): Promise<CursorState> {
    return this.#call(lease, (consumer, own) => consumer.load(own))
  }

  commit(lease: Lease, delta: CursorDelta): Promise<void> {
    return this.#call(lease, (consumer, own) => consumer.commit(own, delta))
  }

  park(lease: Lease, events: readonly ParkedEvent[]): Promise<void> {
    return this.#call(lease, (consumer, own) => consumer.park(own, events))
  }

  parkedLanes(lease: Lease): Promise<ParkedLane[]> {
    return this.#call(lease, (consumer, own) => consumer.parkedLanes(own))
  }

  async readParked(lease: Lease, lane: string, options: Parameters<Consumer['readParked']>[2]): Promise<ParkedEntry[]> {
    const entries = await this.#call(lease, (consumer, own) => consumer.readParked(own, lane, options))
    const { partition } = lease
    return entries.map((entry) =>
      entry.kind === 'hole'
        ? { kind: 'hole', hole: holeIn(partition, entry.hole) }
        : { kind: 'event', parked: { ...entry.parked, event: eventIn(partition, entry.parked.event) } },
    )
  }

  deadLetter(lease: Lease, letters: readonly DeadLetter[]): Promise<void> {
    return this.#call(lease, (consumer, own) => consumer.deadLetter(own, letters))
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    for (const shard of this.#held()) {
      const consumer = await shard.consumer(this.name, this.#from)
      for await (const letter of consumer.deadLetters()) yield { ...letter, event: eventIn(shard.index, letter.event) }
    }
  }

  deadLanes(lease: Lease): Promise<string[]> {
    return this.#call(lease, (consumer, own) => consumer.deadLanes(own))
  }

  redrive(places: readonly EventPlace[]): Promise<number> {
    return this.#inEach(places, (shard, own) => shard.redrive(this.name, own))
  }

  purge(places: readonly EventPlace[]): Promise<number> {
    return this.#inEach(places, (shard, own) => shard.call(this.name, (consumer) => consumer.purge(own)))
  }

  async renew(lease: Lease, leaseMs: number): Promise<boolean> {
    try {
      return await this.#call(lease, (consumer, own) => consumer.renew(own, leaseMs))
    } catch (error) {
      if (error instanceof BufferError && error.reason === 'stale_lease') return false
      throw error
    }
  }

  /** The lock stays with the buffer. */
  async release(): Promise<void> {}

  async #inEach(
    places: readonly EventPlace[],
    use: (shard: Shard, places: readonly EventPlace[]) => Promise<number>,
  ): Promise<number> {
    let count = 0
    for (const shard of this.#held()) {
      const own = places.filter(({ partition }) => partition === shard.index)
      if (own.length === 0) continue
      await shard.consumer(this.name, this.#from)
      const inner = own.map(({ position }) => ({ partition: 0, position }))
      count += await use(shard, inner)
    }
    return count
  }

  async #call<Result>(lease: Lease, use: (consumer: Consumer, lease: Lease) => Promise<Result>): Promise<Result> {
    const held = this.#held()
    if (!Number.isInteger(lease.partition) || lease.partition < 0)
      throw new InvalidOptionsError({
        path: 'partition',
        expected: 'the number of a shard, 0 or more',
        received: lease.partition,
      })
    const shard = held.find(({ index }) => index === lease.partition)
    if (shard === undefined)
      throw new BufferError('stale_lease', `The shard ${lease.partition} is not held by this process.`)
    await shard.consumer(this.name, this.#from)
    return shard.call(this.name, (consumer) => use(consumer, shard.innerLease(lease)))
  }

  #held(): readonly Shard[] {
    return this.#shards.held()
  }
}

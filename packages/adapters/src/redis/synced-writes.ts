import type { Clock } from '@holdfast/core'
import { BufferError } from '@holdfast/webhook-receiver'
import { answerInTime } from '@holdfast/webhook-receiver/buffer-kit'
import { bufferFailure } from './buffer-failure.ts'
import type { SingleRedisLike } from './client.ts'
import { THOUGH_FULL } from './script-parts.ts'
import { isOneServer, runOf } from './server-check.ts'

const RETRY_AFTER_MS = 1_000

// Writes, so that there is something to wait for on this connection. Not by its name: who is told that a server does not know it has sent what follows.
const TOUCH = `${THOUGH_FULL}
redis.call('HINCRBY', KEYS[1] .. ':meta', 'syncs', 1)
return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
`

/** Who has what a partition has answered, as far as was known when it did. */
export interface Keeper {
  /** Absent: nobody that could be asked. */
  readonly server: SyncedServer | undefined
  /** The run of that server. */
  readonly run: string | undefined
  readonly keys: PartitionKeys
}

/** Waits for the disks of those who have the buffer, and their replicas. */
export interface SyncedWrites {
  /** To be asked right when a partition has answered: afterwards another server may have it, which may never have had what that one answered. */
  keeperOf(partition: number): Keeper
  /**
   * Resolves when what these have answered is on stable storage.
   *
   * @throws BufferError `buffer_failed` when that is not so within the time.
   */
  wait(keepers: readonly Keeper[]): Promise<void>
}

/** Waits for the disk of one server. */
export interface SyncedServer {
  /** What it called itself the last time; `undefined` before. */
  readonly run: string | undefined
  /** As `SyncedWrites`, for keepers that are this server: by the keys of its partitions it says that it has them. */
  wait(keepers: readonly Keeper[]): Promise<void>
}

/** A key of a partition, and that of what is known of it. */
export type PartitionKeys = readonly [key: string, meta: string]

/** What synced writes are made of. */
export interface SyncedWritesOptions {
  readonly client: SingleRedisLike
  /** So many replicas have to have it on their disks, too. */
  readonly replicas: number
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * Makes what waits for one server with `WAITAOF`. `keys` are those of any partition, `infos` is what those say of themselves who have the buffer.
 *
 * @throws BufferError `buffer_unusable` where there is nothing to wait for.
 */
export async function openSyncedWrites(
  options: SyncedWritesOptions,
  keys: PartitionKeys,
  infos: readonly string[],
): Promise<SyncedWrites> {
  const server = createSyncedServer(options)
  const keeperOf = (): Keeper => ({ server, run: server.run, keys })
  const isItsServer = await explained(async () => {
    const isSame = isOneServer([...infos, await infoOf(options)])
    if (isSame) await server.wait([keeperOf()])
    return isSame
  })
  if (!isItsServer) throw elsewhere()
  return { keeperOf, wait: (keepers) => server.wait(keepers) }
}

/** Resolves as `work` does, and says of what fails in it that the server cannot say what is on its disk. */
export async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    const message =
      'The server cannot say what is on its disk: `WAITAOF` needs Redis 7.2 or Valkey, an append-only file, and the replicas that are asked for.'
    throw new BufferError('buffer_unusable', message, { cause })
  }
}

/** Says that the connection is to others than those who have the buffer. */
export function elsewhere(): BufferError {
  return new BufferError(
    'buffer_unusable',
    '`waitAof.client` has to be connected to the server of the buffer; where that is a cluster, it has to be a client of the cluster.',
  )
}

/** Says that what was written may not be on a disk. */
export function unsynced(): BufferError {
  return new BufferError('buffer_failed', 'Redis has not said that what was written is on its disk.', {
    retryAfterMs: RETRY_AFTER_MS,
  })
}

/** What a server says of itself. */
export async function infoOf({ client, clock, timeoutMs }: SyncedWritesOptions): Promise<string> {
  return String(await answerInTime(callerOf(client)('INFO'), { clock, timeoutMs, server: 'Redis' }))
}

/** Makes what waits for one server: once for all who wait, and for who comes meanwhile the next time. `known`: the run that it is in. */
export function createSyncedServer(
  { client, replicas, clock, timeoutMs }: SyncedWritesOptions,
  known?: string,
): SyncedServer {
  const call = callerOf(client)
  let lastRun = known
  let waiting: Promise<string> | undefined
  let next: Promise<string> | undefined
  let nextKeys: PartitionKeys[] = []

  /** Resolves with the run in which everything is on the disk. */
  const sync = async (keys: readonly PartitionKeys[]): Promise<string> => {
    try {
      // `WAITAOF` waits for what its connection has written: on another one, which a client makes by itself, it would wait for nothing.
      const answers = Promise.all([
        call('CLIENT', 'ID'),
        Promise.all(Array.from(new Map(keys), (ofPartition) => call('EVAL', TOUCH, '2', ...ofPartition))),
        call('WAITAOF', '1', String(replicas), String(timeoutMs)),
        call('CLIENT', 'ID'),
        call('INFO', 'server'),
      ])
      const [id, begunIns, synced, sameId, info] = await answerInTime(answers, { clock, timeoutMs, server: 'Redis' })
      const [local, remote] = (synced as unknown[]).map(Number) as [number, number]
      const run = String(begunIns[0])
      const isSameConnection = String(id) === String(sameId) && runOf(String(info)) === run
      lastRun = run
      if (isSameConnection && local >= 1 && remote >= replicas) return run
    } catch (error) {
      throw bufferFailure(error)
    }
    throw unsynced()
  }

  const begin = (keys: readonly PartitionKeys[]): Promise<string> => {
    const begun = sync(keys)
    waiting = begun
    const end = (): void => {
      if (waiting === begun) waiting = undefined
    }
    begun.then(end, end)
    return begun
  }

  const beginAfter = (before: Promise<string>): Promise<string> => {
    const beginNext = (): Promise<string> => {
      next = undefined
      const keys = nextKeys
      nextKeys = []
      return begin(keys)
    }
    return before.then(beginNext, beginNext)
  }

  const syncWithOthers = (keys: readonly PartitionKeys[]): Promise<string> => {
    if (waiting === undefined) return begin(keys)
    nextKeys.push(...keys)
    next ??= beginAfter(waiting)
    return next
  }

  return {
    get run() {
      return lastRun
    },
    async wait(keepers) {
      const run = await syncWithOthers(keepers.map(({ keys }) => keys))
      // One that was started since, or took the place of another, may never have had what was stored before.
      if (keepers.some((keeper) => keeper.run !== undefined && keeper.run !== run)) throw unsynced()
    },
  }
}

type Caller = (command: string, ...args: string[]) => Promise<unknown>

function callerOf(client: SingleRedisLike): Caller {
  if ('send' in client) return (command, ...args) => client.send(command, args)
  return 'callBuffer' in client
    ? (command, ...args) => client.callBuffer(command, ...args)
    : (...command) => client.sendCommand(command)
}

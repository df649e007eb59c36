import type { Clock } from '@holdfast/core'
import { BufferError } from '@holdfast/webhook-receiver'
import { answerInTime } from '@holdfast/webhook-receiver/buffer-kit'
import { bufferFailure } from './buffer-failure.ts'
import type { SingleRedisLike } from './client.ts'
import { THOUGH_FULL } from './script-parts.ts'
import { isOneServer } from './server-check.ts'

const RETRY_AFTER_MS = 1_000

// Writes, so that there is something to wait for on this connection. Not by its name: who is told that a server does not know it has sent what follows.
const TOUCH = `${THOUGH_FULL}
redis.call('HINCRBY', KEYS[1] .. ':meta', 'syncs', 1)
return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
`

/** Waits for the disks of a server and its replicas. */
export interface SyncedWrites {
  /**
   * Resolves when everything that the server has answered of these partitions is on stable storage.
   *
   * @throws BufferError `buffer_failed` when that is not so within the time.
   */
  wait(partitions: readonly number[]): Promise<void>
}

/** Waits for the disk of one server. */
export interface SyncedServer {
  /** As `SyncedWrites`, with a key of each partition, and that of what is known of it: by them the server says that it has them. */
  wait(keys: readonly PartitionKeys[]): Promise<void>
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
 * Makes what waits for one server with `WAITAOF`: once for all who wait, and for who comes meanwhile the next time. `keys` are those of any partition.
 * `infos` is what those say of themselves who have the buffer.
 *
 * @throws BufferError `buffer_unusable` where there is nothing to wait for.
 */
export async function openSyncedWrites(
  options: SyncedWritesOptions,
  keys: PartitionKeys,
  infos: readonly string[],
): Promise<SyncedWrites> {
  const server = createSyncedServer(options)
  const isItsServer = await explained(async () => {
    const isSame = isOneServer([...infos, await infoOf(options)])
    if (isSame) await server.wait([keys])
    return isSame
  })
  if (!isItsServer) throw elsewhere()
  return { wait: () => server.wait([keys]) }
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

/** Makes what waits for one server. `lastRun`: what it called itself the last time; absent: any. */
export function createSyncedServer(
  { client, replicas, clock, timeoutMs }: SyncedWritesOptions,
  lastRun?: string,
): SyncedServer {
  const call = callerOf(client)
  let waiting: Promise<void> | undefined
  let next: Promise<void> | undefined
  let nextKeys = new Map<string, PartitionKeys>()

  /** @param expectedRun - The run in which those who wait were answered; `undefined`: any. */
  const sync = async (expectedRun: string | undefined, keys: readonly PartitionKeys[]): Promise<void> => {
    try {
      // `WAITAOF` waits for what its connection has written: on another one, which a client makes by itself, it would wait for nothing.
      const answers = Promise.all([
        call('CLIENT', 'ID'),
        Promise.all(keys.map((ofPartition) => call('EVAL', TOUCH, '2', ...ofPartition))),
        call('WAITAOF', '1', String(replicas), String(timeoutMs)),
        call('CLIENT', 'ID'),
        call('INFO', 'server'),
      ])
      const [id, begunIns, synced, sameId, info] = await answerInTime(answers, { clock, timeoutMs, server: 'Redis' })
      const [local, remote] = (synced as unknown[]).map(Number) as [number, number]
      const run = String(begunIns[0])
      const isSameConnection = String(id) === String(sameId) && String(info).includes(`run_id:${run}`)
      // One that was started since, or took the place of another, may never have had what was stored before.
      const isSameRun = expectedRun === undefined || run === expectedRun
      lastRun = run
      if (isSameConnection && isSameRun && local >= 1 && remote >= replicas) return
    } catch (error) {
      throw bufferFailure(error)
    }
    throw unsynced()
  }

  const begin = (expectedRun: string | undefined, keys: readonly PartitionKeys[]): Promise<void> => {
    const begun = sync(expectedRun, keys)
    waiting = begun
    const end = (): void => {
      if (waiting === begun) waiting = undefined
    }
    begun.then(end, end)
    return begun
  }

  const beginAfter = (before: Promise<void>): Promise<void> => {
    // As it is now: the sync before may be the one that hears of another run.
    const expectedRun = lastRun
    const beginNext = (): Promise<void> => {
      next = undefined
      const keys = [...nextKeys.values()]
      nextKeys = new Map()
      return begin(expectedRun, keys)
    }
    return before.then(beginNext, beginNext)
  }

  return {
    wait(keys) {
      if (waiting === undefined) return begin(lastRun, keys)
      for (const ofPartition of keys) nextKeys.set(ofPartition[0], ofPartition)
      next ??= beginAfter(waiting)
      return next
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

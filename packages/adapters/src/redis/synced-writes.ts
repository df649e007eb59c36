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
   * Resolves when everything that the server has answered is on stable storage.
   *
   * @throws BufferError `buffer_failed` when that is not so within the time.
   */
  wait(): Promise<void>
}

/** What synced writes are made of. */
export interface SyncedWritesOptions {
  readonly client: SingleRedisLike
  /** So many replicas have to have it on their disks, too. */
  readonly replicas: number
  /** A key of the buffer, and that of what is known of it. */
  readonly keys: readonly [key: string, meta: string]
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * Makes what waits with `WAITAOF`: once for all who wait, and for who comes meanwhile the next time. `infos` is what those say of themselves who
 * have the buffer.
 *
 * @throws BufferError `buffer_unusable` where there is nothing to wait for.
 */
export async function openSyncedWrites(options: SyncedWritesOptions, infos: readonly string[]): Promise<SyncedWrites> {
  const writes = createSyncedWrites(options)
  const { client, clock, timeoutMs } = options
  try {
    const info = await answerInTime(callerOf(client)('INFO'), { clock, timeoutMs, server: 'Redis' })
    if (isOneServer([...infos, String(info)])) {
      await writes.wait()
      return writes
    }
  } catch (cause) {
    const message =
      'The server cannot say what is on its disk: `WAITAOF` needs Redis 7.2 or Valkey, an append-only file, and the replicas that are asked for.'
    throw new BufferError('buffer_unusable', message, { cause })
  }
  throw new BufferError(
    'buffer_unusable',
    '`waitAof.client` has to be connected to the server of the buffer, which can be no cluster.',
  )
}

function createSyncedWrites({ client, replicas, keys, clock, timeoutMs }: SyncedWritesOptions): SyncedWrites {
  const call = callerOf(client)
  let waiting: Promise<void> | undefined
  let next: Promise<void> | undefined
  /** What the server called itself the last time. */
  let lastRun: string | undefined

  /** @param expectedRun - The run in which those who wait were answered; `undefined`: any. */
  const sync = async (expectedRun: string | undefined): Promise<void> => {
    try {
      // `WAITAOF` waits for what its connection has written: on another one, which a client makes by itself, it would wait for nothing.
      const answers = Promise.all([
        call('CLIENT', 'ID'),
        call('EVAL', TOUCH, '2', ...keys),
        call('WAITAOF', '1', String(replicas), String(timeoutMs)),
        call('CLIENT', 'ID'),
        call('INFO', 'server'),
      ])
      const [id, begunIn, synced, sameId, info] = await answerInTime(answers, { clock, timeoutMs, server: 'Redis' })
      const [local, remote] = (synced as unknown[]).map(Number) as [number, number]
      const run = String(begunIn)
      const isSameConnection = String(id) === String(sameId) && String(info).includes(`run_id:${run}`)
      // One that was started since, or took the place of another, may never have had what was stored before.
      const isSameRun = expectedRun === undefined || run === expectedRun
      lastRun = run
      if (isSameConnection && isSameRun && local >= 1 && remote >= replicas) return
    } catch (error) {
      throw bufferFailure(error)
    }
    throw new BufferError('buffer_failed', 'Redis has not said that what was written is on its disk.', {
      retryAfterMs: RETRY_AFTER_MS,
    })
  }

  const begin = (expectedRun: string | undefined): Promise<void> => {
    const begun = sync(expectedRun)
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
      return begin(expectedRun)
    }
    return before.then(beginNext, beginNext)
  }

  return {
    wait() {
      if (waiting === undefined) return begin(lastRun)
      next ??= beginAfter(waiting)
      return next
    },
  }
}

type Caller = (command: string, ...args: string[]) => Promise<unknown>

function callerOf(client: SingleRedisLike): Caller {
  return 'callBuffer' in client
    ? (command, ...args) => client.callBuffer(command, ...args)
    : (...command) => client.sendCommand(command)
}

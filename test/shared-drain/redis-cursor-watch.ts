import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { CursorWatch, WrongMove } from './cursor-watch.ts'
import { type MonitoredCommand, monitorRedis } from './redis-monitor.ts'

/** What is known of the cursor of a partition. */
interface Cursor {
  epoch: number
  low: number
  /** Address of who acquired it. */
  holder: string | undefined
}

/** Key of a cursor or of what is done above it, as `script-parts.ts` has them. */
const CURSOR_KEY = /^(?<cursor>.*buffer:\{.*:(?<partition>\d+)\}:c:[^:]*)(?<done>:done)?$/

/**
 * Watches the cursors by what Redis says that it runs (`MONITOR`): each write of a script, behind the call of the connection that runs it. The
 * connection that acquired a partition is the only one that may move its cursor, and only forward. Processes have one connection each.
 */
export async function watchRedisCursors(port: number): Promise<CursorWatch> {
  const connection = new Redis({ port, maxRetriesPerRequest: null })
  connection.on('error', () => {})
  const cursors = new Map<string, Cursor>()
  const wrong: WrongMove[] = []
  const awaited = new Map<string, () => void>()
  let caller = ''

  const see = ({ source, words: [command = '', key = '', ...rest] }: MonitoredCommand): void => {
    if (source !== 'lua') caller = source
    awaited.get(key)?.()
    const groups = CURSOR_KEY.exec(key)?.groups
    if (source !== 'lua' || groups === undefined) return
    const cursor = cursorOf(groups['cursor'] as string)
    const note = (what: string): void => {
      wrong.push({ what, partition: Number(groups['partition']), by: caller })
    }
    if (groups['done'] !== undefined) {
      if (command === 'ZADD' || command === 'ZPOPMIN') move(cursor, note)
    } else if (command === 'HSET') {
      const fields = fieldsOf(rest)
      const [epoch, low] = [fields.get('epoch'), fields.get('low')].map(Number) as [number, number]
      if (epoch <= cursor.epoch) note('an epoch that went back')
      if (!Number.isNaN(epoch)) Object.assign(cursor, { epoch, holder: caller })
      if (!Number.isNaN(low)) move(cursor, note)
      if (low <= cursor.low) note('moved back')
      if (!Number.isNaN(low)) cursor.low = low
    }
  }

  function cursorOf(key: string): Cursor {
    const cursor = cursors.get(key) ?? { epoch: -1, low: -1, holder: undefined }
    cursors.set(key, cursor)
    return cursor
  }

  function move(cursor: Cursor, note: (what: string) => void): void {
    // Who acquired it before the watch began is not known: whoever moves it first.
    cursor.holder ??= caller
    if (cursor.holder !== caller) note('moved by another one than its owner')
  }

  const monitor = await monitorRedis(port, {
    command: see,
    // A server that begins again has ended every lease.
    lost: () => cursors.clear(),
  })
  return {
    async wrongMoves() {
      const mark = randomUUID()
      const isSeen = new Promise<void>((resolve) => {
        awaited.set(mark, resolve)
      })
      await connection.echo(mark)
      await isSeen
      return wrong
    },
    close() {
      monitor.close()
      connection.disconnect()
    },
  }
}

function fieldsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: pairs.length / 2 }, (_, index) => [
      pairs[index * 2] as string,
      pairs[index * 2 + 1] as string,
    ]),
  )
}

import type { LogEntry } from '@holdfast/webhook-receiver'
import type { RunScript, Script, ScriptArgument } from './script.ts'
import { bufferFailure } from './buffer-failure.ts'
import { decodeEvent } from './event-record.ts'
import { positionOf } from './position.ts'

/** Where one partition is, and how it is asked. */
export interface Partition {
  readonly index: number
  /** Runs a script on the partition, for a consumer where one is named. @throws BufferError */
  run(script: Script, args: readonly ScriptArgument[], consumer?: string): Promise<unknown>
}

/** Makes the access to a partition. `prefix` is that of the buffer's keys. */
export function createPartition(prefix: string, name: string, index: number, run: RunScript): Partition {
  const key = `${prefix}buffer:{${name}:${index}}`
  // Named with every call because it exists, while the first key never does: so a cluster that is moving the slot has the call repeated. Without
  // it the new node would be asked, where nothing is yet, and would begin anew.
  const meta = `${key}:meta`
  return {
    index,
    async run(script, args, consumer) {
      try {
        return await run(script, consumer === undefined ? [key, meta] : [key, `${key}:c:${consumer}`, meta], args)
      } catch (error) {
        throw bufferFailure(error)
      }
    },
  }
}

/** A consumer's name as it stands in keys: without what separates their parts. */
export function consumerKey(name: string): string {
  return encodeURIComponent(name)
}

/** The entries of a reply of the log: number, meta and body of each event. `after`: numbers that are missing behind it are lost. */
export function entriesOf(partition: number, reply: readonly Buffer[], after: number | undefined): LogEntry[] {
  const entries: LogEntry[] = []
  let expected = after === undefined ? undefined : after + 1
  for (const [seqText, meta, body] of rowsOf(reply, 3)) {
    const seq = Number(String(seqText))
    if (expected !== undefined && seq > expected)
      entries.push({
        kind: 'hole',
        hole: { partition, from: positionOf(expected), to: positionOf(seq - 1), lost: seq - expected },
      })
    entries.push({ kind: 'event', event: decodeEvent(partition, seq, meta as Buffer, body as Buffer) })
    expected = seq + 1
  }
  return entries
}

/** A flat reply in rows. */
export function rowsOf<Item>(reply: readonly Item[], width: number): Item[][] {
  return Array.from({ length: reply.length / width }, (_, row) => reply.slice(row * width, (row + 1) * width))
}

/** Items by what they have in common, in their order. */
export function groupedBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

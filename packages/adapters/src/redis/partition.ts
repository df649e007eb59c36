import type { Clock } from '@holdfast/core'
import type { LogEntry } from '@holdfast/webhook-receiver'
import { answerInTime, positionOf } from '@holdfast/webhook-receiver/buffer-kit'
import type { RunScript, Script, ScriptArgument } from './script.ts'
import { bufferFailure } from './buffer-failure.ts'
import { eventOf } from './event-record.ts'

/** Where one partition is, and how it is asked. */
export interface Partition {
  readonly index: number
  /** Its first key, and that of what is known of it. */
  readonly keys: readonly [key: string, meta: string]
  /**
   * Runs a script on the partition, for a consumer where one is named. `onSettled` is called when the client lets go of the call, which may be
   * long after it was given up here.
   *
   * @throws BufferError
   */
  run(script: Script, args: readonly ScriptArgument[], consumer?: string, onSettled?: () => void): Promise<unknown>
}

/** How a buffer's partitions are asked. */
export interface PartitionAccess {
  /** Of the buffer's keys. */
  readonly prefix: string
  readonly name: string
  readonly run: RunScript
  readonly clock: Clock
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number
}

/** Makes the access to a partition. */
export function createPartition({ prefix, name, run, clock, timeoutMs }: PartitionAccess, index: number): Partition {
  const key = `${prefix}buffer:{${name}:${index}}`
  // Named with every call because it exists, while the first key never does: so a cluster that is moving the slot has the call repeated. Without
  // it the new node would be asked, where nothing is yet, and would begin anew.
  const meta = `${key}:meta`
  return {
    index,
    keys: [key, meta],
    async run(script, args, consumer, onSettled = () => {}) {
      const answer = run(script, consumer === undefined ? [key, meta] : [key, `${key}:c:${consumer}`, meta], args)
      answer.then(onSettled, onSettled)
      try {
        return await answerInTime(answer, { clock, timeoutMs, server: 'Redis' })
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
    entries.push({ kind: 'event', event: eventOf(partition, seq, meta as Buffer, body as Buffer) })
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

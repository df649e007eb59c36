import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliveryLine } from './cluster-settings.ts'

/** What came of the events of a run. */
export interface Books {
  /** Acknowledged, and no handler finished. */
  readonly lost: readonly string[]
  /** Started before an event of the same key in the same shard that was stored earlier. */
  readonly reordered: readonly string[]
  /** Two handlers of one key and one shard at work at once, in living processes. */
  readonly overlapping: readonly string[]
  /** Nobody sent them. */
  readonly phantom: readonly string[]
  /** What must not happen twice has, although the process that did it first was not killed before it could say so. */
  readonly repeatedEffects: readonly string[]
  /** In two shards: it was sent to two processes. */
  readonly storedTwice: readonly string[]
  /** Handled again in the same place. */
  readonly redelivered: number
  readonly delivered: number
}

/** Everything that handlers wrote, in the order in which it happened. A line that a kill broke off is passed over. */
export function readDeliveries(logDirectory: string): DeliveryLine[] {
  const lines = readdirSync(logDirectory).flatMap((name) =>
    readFileSync(join(logDirectory, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DeliveryLine),
  )
  return lines.toSorted((left, right) => left.at - right.at)
}

/** Compares what senders were told with what handlers did. */
export function balance(
  lines: readonly DeliveryLine[],
  acknowledged: ReadonlySet<string>,
  sent: ReadonlySet<string>,
  killed: ReadonlySet<number>,
): Books {
  const done = new Set<string>()
  const places = new Map<string, Set<string>>()
  const last = new Map<string, string>()
  const atWork = new Map<string, DeliveryLine>()
  const reordered: string[] = []
  const overlapping: string[] = []
  const phantom: string[] = []
  const repeatedEffects: string[] = []
  const started = new Set<string>()
  const effects = new Map<string, number>()
  let redelivered = 0
  for (const line of lines) {
    const { kind, key, seq, partition, position, pid } = line
    const name = `${key}/${seq}`
    const lane = `${partition} ${key}`
    const place = `${partition} ${position}`
    if (!sent.has(name)) phantom.push(name)
    if (kind === 'effect') {
      const first = effects.get(name)
      if (first !== undefined && !killed.has(first)) repeatedEffects.push(name)
      effects.set(name, pid)
      continue
    }
    if (kind === 'done' || kind === 'failed') {
      if (kind === 'done') done.add(name)
      atWork.delete(lane)
      continue
    }
    places.set(name, (places.get(name) ?? new Set()).add(place))
    const other = atWork.get(lane)
    if (other !== undefined && other.pid === pid) overlapping.push(name)
    atWork.set(lane, line)
    if (started.has(place)) {
      redelivered++
      continue
    }
    started.add(place)
    if (position < (last.get(lane) ?? '')) reordered.push(name)
    last.set(lane, position)
  }
  return {
    lost: [...acknowledged].filter((name) => !done.has(name)),
    reordered,
    overlapping,
    phantom,
    repeatedEffects,
    storedTwice: [...places].flatMap(([name, found]) => (found.size > 1 ? [name] : [])),
    redelivered,
    delivered: done.size,
  }
}

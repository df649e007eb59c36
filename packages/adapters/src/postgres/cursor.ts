import type { CursorState } from '@holdfast/webhook-receiver'
import { positionOf, positionUpTo } from '@holdfast/webhook-receiver/buffer-kit'
import type { SqlRow } from './sql-client.ts'

/** The cursor of a row: `done` is a multirange such as `{[0,5),[7,8)}`, `retry` says attempts and time by number. */
export function readCursor({ done, retry }: SqlRow): CursorState {
  const ranges = Array.from(String(done).matchAll(/\[(\d+),(\d+)\)/g), ([, from, to]) => [Number(from), Number(to)])
  const [first, ...above] = ranges as [from: number, to: number][]
  const failed = Object.entries(JSON.parse(String(retry)) as Record<string, [attempts: number, nextAt: number]>)
  return {
    lowWater: positionUpTo((first?.[1] ?? 1) - 1),
    done: above.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => positionOf(from + index))),
    retry: failed.map(([seq, [attempts, nextAt]]) => ({ position: positionOf(Number(seq)), attempts, nextAt })),
  }
}

/** The multirange of the numbers of events. */
export function multirangeOf(seqs: readonly number[]): string {
  const ranges: [from: number, to: number][] = []
  for (const seq of seqs.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && seq <= last[1]) last[1] = seq + 1
    else ranges.push([seq, seq + 1])
  }
  return `{${ranges.map(([from, to]) => `[${from},${to})`).join(',')}}`
}

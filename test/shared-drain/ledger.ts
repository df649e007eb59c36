import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hrtime } from 'node:process'

// What the handlers of all processes did, in files of one process each: lines of what, key, number and nanoseconds of the clock that
// the processes of a machine share.

/** Notes what happens to an event. */
export type Note = (what: 'start' | 'done', key: string, seq: number) => void

/** Opens the ledger of one process. A line is with the system before the call returns, so a kill takes none. */
export function openLedger(directory: string, name: string): Note {
  const path = join(directory, `${name}.ledger`)
  return (what, key, seq) => appendFileSync(path, `${what} ${key} ${seq} ${hrtime.bigint()}\n`)
}

/** What was found wrong, and how much was done. */
export interface Verdict {
  /** Acknowledged events that no handler finished. */
  readonly lost: readonly string[]
  /** Events that were started before the one in front of them, in their key, was finished for the first time. */
  readonly reordered: readonly string[]
  /** Events that were finished and had not been sent. */
  readonly invented: readonly string[]
  readonly finished: number
  /** How often an event was finished that had been finished before. */
  readonly repeated: number
}

/** One line of a ledger. */
export interface Entry {
  readonly what: string
  readonly key: string
  readonly seq: number
  readonly at: bigint
}

/** All lines of all processes. */
export function readLedgers(directory: string): Entry[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.ledger'))
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1))
    .map((line) => {
      const [what = '', key = '', seq, at = '0'] = line.split(' ')
      return { what, key, seq: Number(seq), at: BigInt(at) }
    })
}

/** Compares what was done with how many events of each key were acknowledged. Their numbers begin with 0. */
export function judge(entries: readonly Entry[], acknowledged: ReadonlyMap<string, number>): Verdict {
  const firstStart = new Map<string, bigint>()
  const firstDone = new Map<string, bigint>()
  let finished = 0
  const invented = new Set<string>()
  for (const { what, key, seq, at } of entries) {
    const id = `${key}:${seq}`
    if (seq >= (acknowledged.get(key) ?? 0)) invented.add(id)
    const first = what === 'start' ? firstStart : firstDone
    if (what === 'done') finished++
    const before = first.get(id)
    if (before === undefined || at < before) first.set(id, at)
  }
  const lost: string[] = []
  const reordered: string[] = []
  for (const [key, count] of acknowledged) {
    for (let seq = 0; seq < count; seq++) {
      const started = firstStart.get(`${key}:${seq}`)
      const done = firstDone.get(`${key}:${seq}`)
      const doneBefore = seq === 0 ? 0n : firstDone.get(`${key}:${seq - 1}`)
      if (done === undefined) lost.push(`${key}:${seq}`)
      if (started !== undefined && (doneBefore === undefined || started < doneBefore)) reordered.push(`${key}:${seq}`)
    }
  }
  return { lost, reordered, invented: [...invented], finished, repeated: finished - firstDone.size }
}

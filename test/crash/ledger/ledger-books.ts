import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A byte for each event, in memory and in a file that outlives the process however it ends. */
export class ByteBook {
  readonly #bytes: Uint8Array
  readonly #file: number

  constructor(path: string, events: number) {
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+')
    ftruncateSync(this.#file, events + 1)
    this.#bytes = readFileSync(path)
  }

  get(number: number): number {
    return this.#bytes[number] ?? 0
  }

  set(from: number, count: number, value: number): void {
    this.#bytes.fill(value, from, from + count)
    writeSync(this.#file, this.#bytes, from, count, from)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** What is written down of a run. */
export interface LedgerBooks {
  /** 1 for an event that `append` acknowledged. */
  readonly acknowledged: ByteBook
  /** How often the handler of an event finished, up to 255. */
  readonly delivered: ByteBook
  violation(kind: string, facts: Readonly<Record<string, unknown>>): void
}

export function openBooks(directory: string, events: number): LedgerBooks {
  return {
    acknowledged: new ByteBook(join(directory, 'acknowledged'), events),
    delivered: new ByteBook(join(directory, 'delivered'), events),
    violation(kind, facts) {
      appendFileSync(join(directory, 'violations.jsonl'), `${JSON.stringify({ kind, ...facts })}\n`)
    },
  }
}

/** The balance of all runs. */
export interface LedgerBalance {
  readonly acknowledged: number
  readonly delivered: number
  /** Acknowledged, and never delivered. */
  readonly lost: number
  /** Delivered, though never acknowledged: an append that a kill cut off may have been stored. */
  readonly unacknowledged: number
  /** Deliveries beyond the first. */
  readonly repeated: number
  readonly violations: readonly string[]
}

export function balanceOf(directory: string): LedgerBalance {
  const acknowledged = readFileSync(join(directory, 'acknowledged'))
  const delivered = readFileSync(join(directory, 'delivered'))
  const balance = { acknowledged: 0, delivered: 0, lost: 0, unacknowledged: 0, repeated: 0 }
  for (const [number, isAcknowledged] of acknowledged.entries()) {
    const times = delivered[number] ?? 0
    balance.acknowledged += isAcknowledged
    if (times > 0) balance.delivered++
    if (isAcknowledged === 1 && times === 0) balance.lost++
    if (isAcknowledged === 0 && times > 0) balance.unacknowledged++
    balance.repeated += Math.max(0, times - 1)
  }
  const path = join(directory, 'violations.jsonl')
  const violations = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  return { ...balance, violations }
}

import { closeSync, existsSync, openSync, readSync, writeSync } from 'node:fs'

/** One request of the sender and what came back. */
export interface SenderLine {
  readonly at: number
  readonly delivery: string
  readonly customer: string
  readonly kind: 'event' | 'repeat' | 'forged'
  /** Status of the answer; `null`: there was none. */
  readonly status: number | null
  /** Of the body that was sent. */
  readonly sha256: string
}

/** One call as the other company's API saw it. */
export interface UpstreamLine {
  readonly at: number
  readonly delivery: string
  readonly status: number
  /** Of the body that arrived. */
  readonly sha256: string
  /** What is left of the limit in this window. */
  readonly remaining: number
  /** When the window ends. */
  readonly resetAt: number
}

/** One entry of the ledger, written by the handler. */
export interface LedgerLine {
  readonly at: number
  readonly delivery: string
  /** Place of the event in the buffer. */
  readonly position: string
  readonly sha256: string
}

/** What the application says about itself. */
export type ApplicationLine =
  | { readonly at: number; readonly what: 'started'; readonly pid: number }
  | { readonly at: number; readonly what: 'opened'; readonly durationMs: number; readonly missing: number }
  | { readonly at: number; readonly what: 'mode'; readonly destination: string; readonly mode: string }
  | { readonly at: number; readonly what: 'repeating'; readonly destination: string }
  | { readonly at: number; readonly what: 'waiting'; readonly waitMs: number }
  | { readonly at: number; readonly what: 'breaker'; readonly state: BreakerState }
  | { readonly at: number; readonly what: 'stopped' }

export type BreakerState = 'closed' | 'open' | 'half-open'

/** The records of one run: one file per process, and the ledger. */
export interface Records {
  readonly sender: readonly SenderLine[]
  readonly upstream: readonly UpstreamLine[]
  readonly ledger: readonly LedgerLine[]
  readonly application: readonly ApplicationLine[]
}

/** A line before the recorder has put the time on it. */
type Untimed<Line> = Line extends unknown ? Omit<Line, 'at'> : never

/**
 * Appends JSON lines to a file, each with one `write` call before it returns. SIGKILL ends the process, not the operating
 * system, so a line that was written stays written.
 */
export function recorder<Line extends object>(path: string): (line: Untimed<Line>) => void {
  const file = openSync(path, 'a')
  return (line) => {
    writeSync(file, `${JSON.stringify({ at: Date.now(), ...line })}\n`)
  }
}

/** Reads a whole record. */
export function readRecord<Line>(path: string): Line[] {
  return followRecord<Line>(path)()
}

/** Reads a record that is being written: each call returns the lines that are new since the last. */
export function followRecord<Line>(path: string): () => Line[] {
  const chunk = Buffer.alloc(1 << 16)
  let offset = 0
  let rest = Buffer.alloc(0)
  return () => {
    if (!existsSync(path)) return []
    const file = openSync(path, 'r')
    const parts = [rest]
    for (let length; (length = readSync(file, chunk, 0, chunk.length, offset)) > 0; offset += length) {
      parts.push(Buffer.from(chunk.subarray(0, length)))
    }
    closeSync(file)
    const bytes = Buffer.concat(parts)
    const end = bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(end)
    return bytes
      .subarray(0, end)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  }
}

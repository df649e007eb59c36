import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What a process wrote down about one buffer; it outlives every kill. */
export interface KeptBooks {
  /** The highest number of an event that was handed to the buffer, whether it was acknowledged or not. */
  sent: number
  /** Events that were acknowledged, with their positions. */
  readonly acknowledged: Map<number, string>
  /** Positions that a commit named, whether it resolved or not. */
  readonly attempted: Set<string>
  /** Positions whose commit resolved. */
  readonly committed: Set<string>
}

export interface OpenBooks extends KeptBooks {
  send(last: number): void
  acknowledge(events: ReadonlyMap<number, string>): void
  attempt(positions: readonly string[]): void
  commit(positions: readonly string[]): void
  close(): void
}

/** Opens the books of a buffer. What is written is with the kernel when the call returns. */
export function openBooks(path: string): OpenBooks {
  const books = readBooks(path)
  const file = openSync(path, 'a')
  const write = (line: readonly (string | number)[]): void => void writeSync(file, `${line.join(' ')}\n`)
  return {
    ...books,
    send: (last) => write(['sent', last]),
    acknowledge: (events) => write(['acknowledged', ...[...events].flat()]),
    attempt: (positions) => write(['attempted', ...positions]),
    commit: (positions) => write(['committed', ...positions]),
    close: () => closeSync(file),
  }
}

export function readBooks(path: string): KeptBooks {
  const books: KeptBooks = { sent: 0, acknowledged: new Map(), attempted: new Set(), committed: new Set() }
  if (!existsSync(path)) return books
  // A line that a kill cut short had told nobody of anything.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  for (const line of lines) {
    const [kind, ...rest] = line.split(' ')
    if (kind === 'sent') books.sent = Math.max(books.sent, Number(rest[0]))
    else if (kind === 'attempted') for (const position of rest) books.attempted.add(position)
    else if (kind === 'committed') for (const position of rest) books.committed.add(position)
    else
      for (let index = 0; index < rest.length; index += 2)
        books.acknowledged.set(Number(rest[index]), rest[index + 1] ?? '')
  }
  return books
}

import type { CliIo } from './cli-io.ts'

/** Writes one JSON value on a line of its own. */
export function writeJson(io: CliIo, value: unknown): Promise<void> {
  return io.stdout.write(`${JSON.stringify(value)}\n`)
}

type Row = readonly (string | number)[]

/** How many rows of a long table are held at once. */
const PAGE_ROWS = 500

/** Rows with aligned columns. Numbers are aligned to the right. */
export function table(headings: readonly string[], rows: readonly Row[]): string {
  return page(
    rows,
    headings.map(({ length }) => length),
    headings,
  )
}

/**
 * Writes rows as they come, in pages. The columns of a page are at least as wide as those of the one before. Resolves with how many
 * rows there were; where there were none nothing is written.
 */
export async function writeTable(
  write: (text: string) => Promise<void>,
  headings: readonly string[],
  rows: AsyncIterable<Row>,
): Promise<number> {
  const widths = headings.map(({ length }) => length)
  let written = 0
  let held: Row[] = []
  const flush = async (): Promise<void> => {
    if (held.length === 0) return
    const text = page(held, widths, written === 0 ? headings : undefined)
    written += held.length
    held = []
    await write(text)
  }
  for await (const row of rows) {
    held.push(row)
    if (held.length === PAGE_ROWS) await flush()
  }
  await flush()
  return written
}

/** Widens `widths` to what the rows need. */
function page(rows: readonly Row[], widths: number[], headings: readonly string[] | undefined): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)))
  for (const row of cells)
    for (const [column, { length }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, length)
  const isNumber = widths.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  return [...(headings === undefined ? [] : [headings]), ...cells]
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** Facts, one a line. */
export function facts(pairs: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...pairs.map(([label]) => label.length)) + 2
  return pairs
    .map(([label, value]) => `${label.padEnd(width)}${typeof value === 'number' ? count(value) : value}\n`)
    .join('')
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** How many there are of something whose plural ends in -s: `1 event`, `1,200 events`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** Bytes in the unit that fits. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = value
  let unit = 0
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`
}

/** A point in time, in UTC. */
export function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** A duration in the unit that fits. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

/** Text of others without what a terminal would obey. */
export function printable(text: string): string {
  let printed = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
    printed += isControl ? `\\x${code.toString(16).padStart(2, '0')}` : character
  }
  return printed
}

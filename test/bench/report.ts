import { readFileSync } from 'node:fs'
import { cpus, platform, release, totalmem } from 'node:os'
import type { Estimate } from './statistics.ts'

/** The answer to one question, as a table. */
export interface Section {
  readonly title: string
  /** How it was measured, one line each. */
  readonly method: readonly string[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What the table comes to, one line each. */
  readonly conclusions?: readonly string[]
}

/** A Markdown table whose columns are aligned, so that it also reads well in a terminal. */
export function renderSection({ title, method, columns, rows, conclusions = [] }: Section): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => pad(cell, widths[index] ?? 0, index)).join(' | ')} |`
  const rule = `|${widths.map((width, index) => (index === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const list = (texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [...texts.map((text) => `- ${text}`), '']
  return [`## ${title}`, '', ...list(method), line(columns), rule, ...rows.map(line), '', ...list(conclusions)].join(
    '\n',
  )
}

/** The first column holds names; all others hold figures. */
function pad(cell: string, width: number, index: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width)
}

/** Where and when it was measured. */
export function renderEnvironment(settings: { readonly quick: boolean }): string {
  const [cpu] = cpus()
  return [
    '# Benchmark',
    '',
    `- ${new Date().toISOString()}${settings.quick ? ', quick run: expect noise' : ''}`,
    `- Node ${process.version} on ${platform()} ${release()}`,
    `- ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    '- Holdfast is run from its TypeScript sources with the types stripped; that costs at start only',
    '- Clients, servers and disk share this machine: compare ratios within one run, not figures between runs',
    '',
  ].join('\n')
}

/** The installed version of a package that is measured beside us. */
export function versionOf(name: string): string {
  const path = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }
  return version
}

export function microseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1)
}

export function ratio(value: number): string {
  return value.toFixed(2)
}

/** A median with its 95 % interval. */
export function interval({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

/** A value beside what it has to be, in words: nothing fails by it. */
export function besideBar(what: string, value: string, bar: string, isMet: boolean): string {
  return `${what}: ${value}; bar ${bar}: ${isMet ? 'met' : 'missed'}`
}

export function perSecond(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

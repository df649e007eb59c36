import type { NewEvent, StoredEvent } from '../buffer/event-buffer.ts'
import { UsageError } from './cli-io.ts'
import { eventFromJson, eventToJson } from './event-json.ts'

/** The columns, in order. `headers` and `batch` hold JSON. */
export const csvColumns = [
  'position',
  'id',
  'source',
  'tenant',
  'key',
  'type',
  'eventId',
  'receivedAt',
  'occurredAt',
  'batch',
  'method',
  'url',
  'remoteAddress',
  'headers',
  'body',
  'bodyBase64',
] as const

/** The cells of an event. */
export function eventToCells(event: StoredEvent): readonly string[] {
  const json = eventToJson(event)
  return csvColumns.map((column) => {
    const value = json[column]
    if (value === undefined) return ''
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

/** Without these columns no row is an event. */
const neededColumns = ['id', 'source', 'receivedAt']

/**
 * The names of the columns, from the first row.
 *
 * @throws UsageError when it does not name those that are needed.
 */
export function columnsOf(row: readonly string[], file: string): readonly string[] {
  const missing = neededColumns.find((name) => !row.includes(name))
  if (missing === undefined) return row
  throw new UsageError(`${file}, row 1: expected the names of the columns, \`${missing}\` among them.`)
}

/**
 * The event of a row, by the names of the columns. Columns may be in any order, and those that are not needed may be missing.
 *
 * @throws UsageError for what is no event, with `where`.
 */
export function eventFromCells(names: readonly string[], cells: readonly string[], where: string): NewEvent {
  if (cells.length !== names.length)
    throw new UsageError(`${where}: there are ${names.length} columns, and ${cells.length} cells.`)
  const fields: Record<string, unknown> = {}
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? ''
    if (cell !== '') fields[name] = name === 'headers' || name === 'batch' ? parse(cell, name, where) : cell
  }
  // An empty body is an empty cell.
  if (fields['body'] === undefined && fields['bodyBase64'] === undefined) fields['body'] = ''
  return eventFromJson(fields, where)
}

function parse(cell: string, name: string, where: string): unknown {
  try {
    return JSON.parse(cell)
  } catch {
    throw new UsageError(`${where}: \`${name}\` must hold JSON.`)
  }
}

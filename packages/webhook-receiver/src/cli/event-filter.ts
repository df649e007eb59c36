import type { StoredEvent } from '../buffer/event-buffer.ts'
import { UsageError } from './cli-io.ts'
import type { CliArguments, CliOption } from './command.ts'
import { isoTime } from './iso-time.ts'
import { printable } from './output.ts'

/** Which events a command is about. */
export interface EventFilter {
  /** Arrival, ms since the epoch, inclusive. */
  readonly from: number
  /** Arrival, ms since the epoch, exclusive. */
  readonly to: number
  matches(event: StoredEvent): boolean
}

/** The options that choose events. */
export const filterOptions: Readonly<Record<string, CliOption>> = {
  from: {
    kind: 'text',
    value: 'TIME',
    help: 'Only what arrived at or after it: ISO 8601, UTC where it names no zone, or ms since the epoch.',
  },
  to: { kind: 'text', value: 'TIME', help: 'Only what arrived before it.' },
  source: { kind: 'list', value: 'NAME', help: 'Only of this source. May come more than once.' },
  type: { kind: 'list', value: 'TYPE', help: 'Only of this event type. May come more than once.' },
  tenant: { kind: 'list', value: 'NAME', help: 'Only of this tenant. May come more than once.' },
  id: {
    kind: 'list',
    value: 'ID',
    help: 'Only with this id, of the provider or of the buffer. May come more than once.',
  },
}

/**
 * Reads them.
 *
 * @throws UsageError for a time that is none.
 */
export function eventFilter(args: CliArguments): EventFilter {
  const from = timeOption(args, 'from') ?? -Infinity
  const to = timeOption(args, 'to') ?? Infinity
  if (from >= to) throw new UsageError('--from must be before --to.')
  const sources = new Set(args.list('source'))
  const types = new Set(args.list('type'))
  const tenants = new Set(args.list('tenant'))
  const ids = new Set(args.list('id'))
  const passes = (chosen: ReadonlySet<string>, value: string | undefined): boolean =>
    chosen.size === 0 || (value !== undefined && chosen.has(value))
  return {
    from,
    to,
    matches: (event) =>
      event.receivedAt >= from &&
      event.receivedAt < to &&
      passes(sources, event.source) &&
      passes(types, event.type) &&
      passes(tenants, event.tenant) &&
      (passes(ids, event.id) || passes(ids, event.eventId)),
  }
}

function timeOption(args: CliArguments, name: string): number | undefined {
  const text = args.text(name)
  if (text === undefined) return undefined
  // Four digits are a year.
  const ms = /^\d{5,16}$/.test(text) ? Number(text) : isoTime(text)
  if (ms === undefined)
    throw new UsageError(`--${name} takes a time such as 2026-11-26T14:00:00Z, got \`${printable(text)}\`.`)
  return ms
}

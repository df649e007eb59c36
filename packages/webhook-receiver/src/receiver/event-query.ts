import { arrayOf, callback, type Check, nonEmptyString } from '@holdfast/core'
import type { StoredEvent } from '../buffer/event-buffer.ts'
import type { EventQuery } from './destination-control.ts'

/** The checks of a query. */
export const queryChecks: Readonly<Record<keyof EventQuery, Check>> = {
  ids: arrayOf(nonEmptyString),
  sources: arrayOf(nonEmptyString),
  types: arrayOf(nonEmptyString),
  tenants: arrayOf(nonEmptyString),
  from: time,
  to: time,
  where: callback,
}

function time(value: unknown): string | undefined {
  const ms = value instanceof Date ? value.getTime() : value
  return typeof ms === 'number' && Number.isFinite(ms) ? undefined : 'a valid Date, or a number of ms since the epoch'
}

/** A time of a query as ms since the epoch. */
export function timeOf(value: Date | number | undefined): number | undefined {
  return value instanceof Date ? value.getTime() : value
}

/** Makes the test for a query that was checked. */
export function eventMatcher(query: EventQuery): (event: StoredEvent) => boolean {
  const from = timeOf(query.from) ?? -Infinity
  const to = timeOf(query.to) ?? Infinity
  const [ids, sources, types, tenants] = [query.ids, query.sources, query.types, query.tenants].map(
    (values) => values && new Set(values),
  )
  const passes = (chosen: ReadonlySet<string> | undefined, ...values: readonly (string | undefined)[]): boolean =>
    chosen === undefined || values.some((value) => value !== undefined && chosen.has(value))
  return (event) =>
    event.receivedAt >= from &&
    event.receivedAt < to &&
    passes(ids, event.id, event.eventId) &&
    passes(sources, event.source) &&
    passes(types, event.type) &&
    passes(tenants, event.tenant) &&
    (query.where?.(event) ?? true)
}

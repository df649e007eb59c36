const iso = /^(\d{4}|[+-]\d{6})(?:-\d\d(?:-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/**
 * Reads a time in ISO 8601, in ms since the epoch. Without a zone it is UTC, as everything that is printed; a year, month or day is its
 * beginning.
 *
 * @returns `undefined` for what is none. `Date.parse` alone takes `-1` for a month, and 30 February for 2 March.
 */
export function isoTime(text: string): number | undefined {
  const parts = iso.exec(text)
  if (parts === null) return undefined
  const [, , day, zone] = parts
  const [date = '', time] = text.split(/[T ]/)
  const ms = Date.parse(time === undefined ? date : `${date}T${time}${zone === undefined ? 'Z' : ''}`)
  const isDay = day === undefined || new Date(date).getUTCDate() === Number(day)
  return Number.isNaN(ms) || !isDay ? undefined : ms
}

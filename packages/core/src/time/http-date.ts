const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const IMF_FIXDATE = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/i
const RFC_850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/i
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i

/**
 * Reads an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), as milliseconds since the epoch.
 * Anything else is `undefined`. `Date.parse` is not used: it takes asctime for local time and accepts far more.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const fixdate = IMF_FIXDATE.exec(text)
  if (fixdate) {
    const [, day, month, year, ...time] = fixdate
    return utc(Number(year), month, day, time)
  }
  const rfc850 = RFC_850.exec(text)
  if (rfc850) {
    const [, day, month, year, ...time] = rfc850
    return utc(fullYear(Number(year), now), month, day, time)
  }
  const asctime = ASCTIME.exec(text)
  if (asctime) {
    const [, month, day, hour, minute, second, year] = asctime
    return utc(Number(year), month, day, [hour ?? '', minute ?? '', second ?? ''])
  }
  return undefined
}

/** RFC 9110: a two-digit year that seems to be more than 50 years ahead is the most recent past one with these digits. */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

function utc(
  year: number,
  monthName: string | undefined,
  day: string | undefined,
  time: readonly string[],
): number | undefined {
  const month = MONTHS.indexOf(monthName?.toLowerCase() ?? '')
  const [hour = NaN, minute = NaN, second = NaN] = time.map(Number)
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined
  const date = Date.UTC(year, month, Number(day), hour, minute, second)
  // Date.UTC rolls 31 February over; an HTTP-date must not.
  return new Date(date).getUTCDate() === Number(day) || second === 60 ? date : undefined
}

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
  const date = Number(day)
  // An HTTP-date does not roll 31 February over.
  if (date < 1 || date > daysOfMonth(year, month)) return undefined
  return ((daysBefore(year, month) + date - 1) * 24 + hour) * 3_600_000 + (minute * 60 + second) * 1_000
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysOfMonth(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 1 && isLeap ? 29 : (DAYS_OF_MONTH[month] ?? 0)
}

/**
 * Days from 1 January 1970 to the first of a month (0 is January), in the Gregorian calendar. A `Date` would do the same for several
 * times the cost, and every answer has one. Years are taken to begin in March, so that the leap day is the last.
 */
function daysBefore(year: number, month: number): number {
  const marchYear = month < 2 ? year - 1 : year
  const monthsSinceMarch = (month + 10) % 12
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leapDays + Math.floor((153 * monthsSinceMarch + 2) / 5) - DAYS_FROM_YEAR_0_TO_1970
}

// From 1 March of the year 0 to 1 January 1970.
const DAYS_FROM_YEAR_0_TO_1970 = 719_468

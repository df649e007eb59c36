// One of these is in every dialect that tells what is left; asking for a few names is cheaper than reading all.
const FIELDS = [
  'ratelimit',
  'ratelimit-remaining',
  'x-ratelimit-remaining',
  'x-rate-limit-remaining',
  'x-ratelimit-remaining-requests',
  'anthropic-ratelimit-requests-remaining',
]

/** Whether the headers of a success tell of a limit by a usual name, so that they are worth reading. */
export function tellsLimits(headers: Headers): boolean {
  for (const name of FIELDS) if (headers.get(name) !== null) return true
  return false
}

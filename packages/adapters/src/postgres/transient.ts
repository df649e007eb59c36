// Causes that are looked into.
const DEPTH = 4

/** SQLSTATE of what a client threw, also where a library such as Drizzle has wrapped it. */
export function sqlStateOf(error: unknown): string | undefined {
  let at = error
  for (let depth = 0; depth < DEPTH && typeof at === 'object' && at !== null; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    at = 'cause' in at ? at.cause : undefined
  }
  return undefined
}

/** Whether the server gave a transaction up in favour of another one: a serialization failure or a deadlock. Nothing of it has happened. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === '40001' || state === '40P01'
}

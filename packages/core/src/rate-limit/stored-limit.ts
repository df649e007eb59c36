import type { ConcurrencyLimit } from './concurrency-limit.ts'
import type { Holder } from './holders.ts'

/** A limit as it is stored: what all processes have taken of it. Times are on the store's clock. */
export interface StoredLimit {
  readonly format: typeof LIMIT_FORMAT
  /** Nobody starts before; 0: not paused. */
  readonly pausedUntil: number
  /** Whether the pause is that of a quota, which nobody waits for. */
  readonly isExhausted: boolean
  /** What each process may send without asking, with what it has in flight. */
  readonly holders: Readonly<Record<string, Holder>>
  /** For each limit that is declared, what was sent: when it was answered, and how much it was, in order. */
  readonly declared: Readonly<Record<string, readonly (readonly [endedMs: number, units: number])[]>>
  /** Each limit that answers tell of. */
  readonly told: Readonly<Record<string, ToldLimit>>
  /** Absent as long as no call was one too many at a time. */
  readonly concurrency?: StoredConcurrency
}

/** How many calls go through at a time, and who has how many of these places. */
export interface StoredConcurrency extends ConcurrencyLimit {
  /** When it was learned: what was learned at another time is something else. */
  readonly since: number
  readonly holders: Readonly<Record<string, Holder>>
}

/** A limit as answers told it. */
export interface ToldLimit {
  /** 0: not told. */
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
  /** The longest time to a reset that was told. */
  readonly windowMs: number
  /** The window began at this time or later. */
  readonly beganAt: number
  readonly learnedAt: number
  /** When a process was allowed to send last, or did. */
  readonly grantedAt: number
  /** Until when a reset is not trusted, because one restored nothing; 0: none did. */
  readonly letDownUntil: number
}

export const LIMIT_FORMAT = 1

/** `undefined` for what is not of this format. */
export function parseLimit(stored: unknown): StoredLimit | undefined {
  if (!isObject(stored) || stored['format'] !== LIMIT_FORMAT) return undefined
  const { pausedUntil, isExhausted, holders, declared, told, concurrency } = stored
  if (!isAmount(pausedUntil) || typeof isExhausted !== 'boolean') return undefined
  if (!areHolders(holders)) return undefined
  if (!isObject(declared) || !Object.values(declared).every(isLog)) return undefined
  if (!isObject(told) || !Object.values(told).every(isTold)) return undefined
  if (concurrency !== undefined && !isConcurrency(concurrency)) return undefined
  return stored as unknown as StoredLimit
}

function areHolders(holders: unknown): boolean {
  return isObject(holders) && Object.values(holders).every(isHolder)
}

function isHolder(holder: unknown): boolean {
  return (
    isObject(holder) &&
    isAmount(holder['units']) &&
    isAmount(holder['until']) &&
    typeof holder['isWaiting'] === 'boolean'
  )
}

function isLog(log: unknown): boolean {
  return Array.isArray(log) && log.every((entry) => Array.isArray(entry) && entry.length === 2 && entry.every(isAmount))
}

const toldNames: readonly (keyof ToldLimit)[] = [
  'limit',
  'remaining',
  'resetAt',
  'windowMs',
  'beganAt',
  'learnedAt',
  'grantedAt',
  'letDownUntil',
]

function isTold(told: unknown): boolean {
  return isObject(told) && toldNames.every((name) => isAmount(told[name]))
}

const concurrencyNames: readonly Exclude<keyof StoredConcurrency, 'holders'>[] = [
  'most',
  'raises',
  'proofs',
  'trustedUntil',
  'fellAt',
  'since',
]

function isConcurrency(concurrency: unknown): boolean {
  return (
    isObject(concurrency) &&
    concurrencyNames.every((name) => isAmount(concurrency[name])) &&
    areHolders(concurrency['holders'])
  )
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

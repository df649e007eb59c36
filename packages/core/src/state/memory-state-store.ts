import { checkOptions, clockObject } from '../options/check.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import type { StateEntry, StateStore, StateStoreCaps } from './state-store.ts'

/** How a store in memory is made. */
export interface MemoryStateStoreOptions {
  /** Default: `systemClock`. */
  readonly clock?: Clock
}

const caps: StateStoreCaps = Object.freeze({
  multiProcess: false,
  leases: true,
  maxKeyBytes: 65_536,
  maxValueBytes: 16 * 1024 * 1024,
})

// What is over is removed when so many more have come.
const SWEEP_EVERY = 1_000

interface Stored extends StateEntry {
  readonly untilMs: number
}

/**
 * The reference of `StateStore`: shares state between the functions of one process, and forgets it with the process.
 *
 * Its clock is the monotonic one, so that it does not jump when the machine's clock is set.
 *
 * @throws InvalidOptionsError when the clock is none.
 */
export function memoryStateStore(options: MemoryStateStoreOptions = {}): StateStore {
  checkOptions('', options, { clock: clockObject })
  const { clock = systemClock } = options
  const entries = new Map<string, Stored>()
  const leases = new Map<string, { readonly token: number; readonly untilMs: number }>()
  // One counter for all, so that a version or a token cannot come back when its key was forgotten.
  let changes = 0
  let sweptAt = 0

  const current = <Kept extends { readonly untilMs: number }>(
    map: Map<string, Kept>,
    key: string,
  ): Kept | undefined => {
    const kept = map.get(key)
    if (kept === undefined || kept.untilMs > clock.monotonicMs()) return kept
    map.delete(key)
    return undefined
  }
  const sweep = (): void => {
    if (changes - sweptAt < SWEEP_EVERY) return
    sweptAt = changes
    for (const map of [entries, leases]) for (const key of map.keys()) current<{ readonly untilMs: number }>(map, key)
  }
  const holds = (name: string, token: number): boolean => current(leases, name)?.token === token

  return {
    caps,
    get: async (key, signal) => {
      signal?.throwIfAborted()
      return { entry: plain(current(entries, key)), nowMs: clock.monotonicMs() }
    },
    compareAndSet: async (key, { expected, value, ttlMs }, signal) => {
      signal?.throwIfAborted()
      const nowMs = clock.monotonicMs()
      const stored = current(entries, key)
      if (stored?.version !== expected) return { written: false, entry: plain(stored), nowMs }
      if (value === undefined) {
        entries.delete(key)
        return { written: true, entry: undefined, nowMs }
      }
      const entry = { value, version: String(++changes), untilMs: nowMs + ttlMs }
      entries.set(key, entry)
      sweep()
      return { written: true, entry: plain(entry), nowMs }
    },
    acquire: async (name, leaseMs, signal) => {
      signal?.throwIfAborted()
      if (current(leases, name) !== undefined) return undefined
      const token = ++changes
      leases.set(name, { token, untilMs: clock.monotonicMs() + leaseMs })
      sweep()
      return { name, token }
    },
    renew: async ({ name, token }, leaseMs, signal) => {
      signal?.throwIfAborted()
      if (!holds(name, token)) return false
      leases.set(name, { token, untilMs: clock.monotonicMs() + leaseMs })
      return true
    },
    release: async ({ name, token }, signal) => {
      signal?.throwIfAborted()
      if (holds(name, token)) leases.delete(name)
    },
  }
}

function plain(stored: Stored | undefined): StateEntry | undefined {
  return stored === undefined ? undefined : { value: stored.value, version: stored.version }
}

import { checkOptions, type Clock, clockObject, IntegrationError, systemClock } from '@holdfast/core'
import type { BeginOptions, IdempotencyCaps, IdempotencyStore } from './idempotency-store.ts'

/** Options of `memoryIdempotencyStore`. */
export interface MemoryIdempotencyStoreOptions {
  /** Where leases and times to live are measured, monotonically. Default: `systemClock`. */
  readonly clock?: Clock
}

const caps: IdempotencyCaps = Object.freeze({
  durability: 'memory',
  multiProcess: false,
  maxResultBytes: 16 * 1024 * 1024,
})

// What is over is removed when so many more have come.
const SWEEP_EVERY = 1_000

interface Held extends Pick<BeginOptions, 'ttlMs'> {
  readonly state: 'held'
  readonly token: number
  readonly untilMs: number
}

interface Done {
  readonly state: 'done'
  readonly result: Uint8Array | undefined
  readonly untilMs: number
}

/**
 * The reference of `IdempotencyStore`: it knows what this process did, and forgets it with the process. For tests, and where a repeat after
 * a restart does no harm.
 *
 * @throws InvalidOptionsError for an option that is wrong.
 */
export function memoryIdempotencyStore(options: MemoryIdempotencyStoreOptions = {}): IdempotencyStore {
  checkOptions('', options, { clock: clockObject })
  const clock = options.clock ?? systemClock
  const entries = new Map<string, Held | Done>()
  // One counter for all ids, so that a token grows also when its id was forgotten in between.
  let begun = 0
  let sweptAt = 0

  const current = (key: string): Held | Done | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.untilMs > clock.monotonicMs()) return entry
    entries.delete(key)
    return undefined
  }
  const heldBy = (key: string, token: number): Held | undefined => {
    const entry = current(key)
    return entry?.state === 'held' && entry.token === token ? entry : undefined
  }
  const sweep = (): void => {
    if (begun - sweptAt < SWEEP_EVERY) return
    sweptAt = begun
    for (const key of entries.keys()) current(key)
  }

  return {
    caps,
    async begin(scope, id, { leaseMs, ttlMs }) {
      const key = keyOf(scope, id)
      const entry = current(key)
      if (entry?.state === 'done') return { state: 'done', result: copyOf(entry.result) }
      if (entry?.state === 'held') return { state: 'busy', leftMs: entry.untilMs - clock.monotonicMs() }
      begun += 1
      entries.set(key, { state: 'held', token: begun, ttlMs, untilMs: clock.monotonicMs() + leaseMs })
      sweep()
      return { state: 'new', token: begun }
    },
    async renew(scope, id, token, leaseMs) {
      const key = keyOf(scope, id)
      const held = heldBy(key, token)
      if (held !== undefined) entries.set(key, { ...held, untilMs: clock.monotonicMs() + leaseMs })
      return held !== undefined
    },
    async complete(scope, id, token, result) {
      if (result !== undefined && result.byteLength > caps.maxResultBytes) throw resultTooLarge(result.byteLength)
      const key = keyOf(scope, id)
      const held = heldBy(key, token)
      if (held !== undefined)
        entries.set(key, { state: 'done', result: copyOf(result), untilMs: clock.monotonicMs() + held.ttlMs })
      return held !== undefined
    },
    async abandon(scope, id, token) {
      const key = keyOf(scope, id)
      return heldBy(key, token) !== undefined && entries.delete(key)
    },
  }
}

function keyOf(scope: string, id: string): string {
  return `${scope.length}:${scope}${id}`
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  // Not `slice`, which on Node's Buffer shares the bytes.
  return bytes === undefined ? undefined : new Uint8Array(bytes)
}

function resultTooLarge(bytes: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'result_too_large',
    message: `The result has ${bytes} bytes; the store takes up to ${caps.maxResultBytes}.`,
    phase: 'local',
  })
}

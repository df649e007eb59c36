import { IntegrationError } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { headerValues } from '../verify/request-headers.ts'

const RETRY_AFTER_MS = 1_000
// What a body of unknown length is reckoned with until it was read.
const UNKNOWN_BYTES = 65_536

/** Bytes of bodies that one request holds. */
export interface MemoryShare {
  /**
   * The body takes so many bytes so far.
   *
   * @throws IntegrationError `overloaded` when they find no room.
   */
  readonly hold: (bytes: number) => void
  /** The body is read, and this long. */
  settle(bytes: number): void
  /** The body is not needed any more. Further calls change nothing. */
  release(): void
}

/** Bounds the bytes of bodies that are in memory at once. */
export interface MemoryGuard {
  /** @throws IntegrationError `overloaded` when the body finds no room. A body is taken whatever its size when there is no other. */
  reserve(headers: HeaderPairs): MemoryShare
}

/** Makes a guard over `maxBytes`. */
export function createMemoryGuard(maxBytes: number): MemoryGuard {
  let used = 0
  return {
    reserve(headers) {
      const declared = Number(headerValues(headers, 'content-length')[0])
      let share = Number.isSafeInteger(declared) && declared >= 0 ? declared : UNKNOWN_BYTES
      if (used > 0 && used + share > maxBytes) throw overloaded(maxBytes)
      used += share
      return {
        hold(bytes) {
          if (bytes <= share) return
          if (used > share && used - share + bytes > maxBytes) throw overloaded(maxBytes)
          used += bytes - share
          share = bytes
        },
        settle(bytes) {
          used += bytes - share
          share = bytes
        },
        release() {
          used -= share
          share = 0
        },
      }
    },
  }
}

function overloaded(maxBytes: number): IntegrationError {
  return new IntegrationError({
    code: 'overloaded',
    reason: 'memory',
    message: `The bodies of the requests under way fill the ${maxBytes} bytes of \`maxInFlightBytes\`.`,
    retryAfterMs: RETRY_AFTER_MS,
  })
}

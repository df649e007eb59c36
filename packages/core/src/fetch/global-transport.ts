import { nestedSendOf } from './send-nested.ts'

/**
 * The global `fetch`, looked up at each call, so that msw and others that replace it are respected.
 *
 * The function that this is made for, or a newer one of ours, can become the global itself, as after
 * `globalThis.fetch = createFetch()`. It would then call itself for ever; so from that time on it is what was the global when it
 * was made. That is noticed at a call, and once after the assignment had its time to happen, before somebody else wraps it; and
 * when a wrapper comes back to us while it is called.
 */
export function globalTransport(ownsRetries: boolean): typeof globalThis.fetch {
  const before = globalThis.fetch
  const beforeNested = ownsRetries && typeof before === 'function' ? nestedSendOf(before) : undefined
  let isGlobal = false
  let isCalling = false

  const lookUp = (): typeof globalThis.fetch => {
    const current = globalThis.fetch
    isGlobal ||=
      isCalling || (current !== before && typeof current === 'function' && nestedSendOf(current) !== undefined)
    return isGlobal ? before : current
  }
  void Promise.resolve().then(lookUp)

  return (input, init) => {
    const current = lookUp()
    isCalling = true
    try {
      return current === before && beforeNested !== undefined ? beforeNested(input, init) : current(input, init)
    } finally {
      isCalling = false
    }
  }
}

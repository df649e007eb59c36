import { type CallScope, callScope } from './call-scope.ts'
import { urlOf } from './request-facts.ts'
import { nestedSendOf } from './send-nested.ts'

// Who answers a request may send others by us; so deep within each other they are the same one that is changed each time.
const MAX_DEPTH = 8

/** A call of what is the global now, which may be a wrapper that comes back to us. */
interface Visit {
  readonly url: string
  readonly depth: number
}

/**
 * The global `fetch`, looked up at each call, so that msw and others that replace it are respected.
 *
 * The function that this is made for, or a newer one of ours, can become the global itself, as after
 * `globalThis.fetch = createFetch()`, and somebody can wrap it. It would then call itself for ever; so from that time on it is
 * what was the global when it was made. That is noticed at a call, and once after the assignment had its time to happen; and
 * when a wrapper comes back to us with what it was called for.
 */
export function globalTransport(ownsRetries: boolean): typeof globalThis.fetch {
  const before = globalThis.fetch
  const beforeNested = ownsRetries && typeof before === 'function' ? nestedSendOf(before) : undefined
  let isGlobal = false
  let visits: CallScope<Visit> | undefined

  const lookUp = (): typeof globalThis.fetch => {
    const current = globalThis.fetch
    isGlobal ||= current !== before && typeof current === 'function' && nestedSendOf(current) !== undefined
    return isGlobal ? before : current
  }
  void Promise.resolve().then(lookUp)

  return (input, init) => {
    const current = lookUp()
    if (current !== before) {
      const url = urlOf(input)
      visits ??= callScope()
      const outer = visits.getStore()
      const depth = outer === undefined ? 1 : outer.depth + 1
      if (outer?.url !== url && depth <= MAX_DEPTH) return visits.run({ url, depth }, () => current(input, init))
      isGlobal = true
    }
    return beforeNested === undefined ? before(input, init) : beforeNested(input, init)
  }
}

import { type CallScope, callScope } from './call-scope.ts'
import { methodOf, urlOf } from './request-facts.ts'
import { nestedSendOf } from './send-nested.ts'

// Who answers a request may send others by us; so deep within each other they are the same one that is changed each time.
const MAX_DEPTH = 32

/** A call of what is the global now: it goes on until that has answered. */
interface Visit {
  readonly request: string
  readonly depth: number
  isOver: boolean
}

/**
 * The global `fetch`, looked up at each call, so that msw and others that replace it are respected.
 *
 * The function that this is made for, or a newer one of ours, can become the global itself, as after
 * `globalThis.fetch = createFetch()`, and somebody can wrap it. It would then call itself for ever; so from that time on it is
 * what was the global when it was made. That is noticed at a call, and once after the assignment had its time to happen; and
 * when a wrapper comes back to us, before it has answered, with the method and the URL that it was called for.
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
      visits ??= callScope()
      const visit = visitWithin(visits.getStore(), `${methodOf(input, init)} ${urlOf(input)}`)
      if (visit !== undefined) return visits.run(visit, () => answerOf(visit, current, input, init))
      isGlobal = true
    }
    return beforeNested === undefined ? before(input, init) : beforeNested(input, init)
  }
}

async function answerOf(
  visit: Visit,
  current: typeof globalThis.fetch,
  ...call: Parameters<typeof globalThis.fetch>
): Promise<Response> {
  try {
    return await current(...call)
  } finally {
    visit.isOver = true
  }
}

/** That of a request which is sent within `outer`; `undefined` where the request is the outer one, which has come back. */
function visitWithin(outer: Visit | undefined, request: string): Visit | undefined {
  const depth = outer === undefined || outer.isOver ? 1 : outer.depth + 1
  const isBack = depth > 1 && (outer?.request === request || depth > MAX_DEPTH)
  return isBack ? undefined : { request, depth, isOver: false }
}

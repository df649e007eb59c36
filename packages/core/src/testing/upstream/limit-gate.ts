import type { Clock } from '../../time/clock.ts'
import { createLimitCounter, type LimitCounter } from './limit-counter.ts'
import {
  fillHeaders,
  fillTemplate,
  type LimitTelling,
  type LimitWords,
  limitWords,
  type LimitTemplate,
} from './limit-dialect.ts'
import type { ResolvedUpstreamLimit } from './upstream-limit.ts'
import type { UpstreamReply } from './upstream-reply.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/** What became of a request at the limits of its route. */
export interface GateVisit {
  /** What it gets when it may not go through. */
  readonly refusal: UpstreamReply | undefined
  /** Adds to a reply what the limits tell. */
  readonly tell: (reply: UpstreamReply) => UpstreamReply
  /** The request has come to its end. */
  readonly finished: () => void
}

/** A request in front of one limit. */
interface Claim {
  readonly limit: ResolvedUpstreamLimit
  readonly counter: LimitCounter
  readonly cost: number
}

/** One rate limit, with a counter for each of its keys. */
export class LimitGate {
  readonly #limit: ResolvedUpstreamLimit
  readonly #counters = new Map<string, LimitCounter>()

  constructor(limit: ResolvedUpstreamLimit) {
    this.#limit = limit
  }

  /** Lets a request through all gates or through none. */
  static enter(gates: readonly LimitGate[], request: UpstreamRequest, clock: Clock): GateVisit {
    const nowMs = clock.monotonicMs()
    const claims = gates.map((gate) => gate.#claim(request))
    const refusing = claims.find(({ counter, cost }) => counter.waitMs(cost, nowMs) > 0)
    if (refusing === undefined) for (const { counter, cost } of claims) counter.take(cost, nowMs)
    // As it is at the moment, so that requests which arrive meanwhile do not enter into it.
    const words = claims.map((claim) => wordsOf(claim, nowMs, clock.now()))
    const tell = (reply: UpstreamReply): UpstreamReply =>
      claims.reduce((told, { limit }, index) => withTelling(told, limit.dialect.told, words[index] ?? {}), reply)
    return {
      refusal: refusing && tell(refusalOf(refusing, words[claims.indexOf(refusing)] ?? {})),
      tell,
      finished: () => {
        if (refusing === undefined) for (const { counter, cost } of claims) counter.finished(cost)
      },
    }
  }

  #claim(request: UpstreamRequest): Claim {
    const { model, limit, windowMs, keyOf, costOf } = this.#limit
    const key = keyOf(request)
    const counter = this.#counters.get(key) ?? createLimitCounter(model, limit, windowMs)
    this.#counters.set(key, counter)
    return { limit: this.#limit, counter, cost: costOf(request) }
  }
}

function wordsOf({ limit: { limit, windowMs }, counter, cost }: Claim, nowMs: number, now: number): LimitWords {
  return limitWords({
    limit,
    remaining: counter.remaining(nowMs),
    cost,
    windowMs,
    resetMs: counter.resetMs(nowMs),
    waitMs: counter.waitMs(cost, nowMs),
    now,
  })
}

function refusalOf({ limit: { dialect } }: Claim, words: LimitWords): UpstreamReply {
  const { status, headers, body } = dialect.refused
  return {
    status,
    headers: fillHeaders(headers, words),
    ...(body === undefined ? {} : { body: fillTemplate(body, words) }),
  }
}

function withTelling(reply: UpstreamReply, told: LimitTelling | undefined, words: LimitWords): UpstreamReply {
  if (told === undefined) return reply
  const { body } = told
  return {
    ...reply,
    headers: { ...fillHeaders(told.headers, words), ...reply.headers },
    ...(body === undefined ? {} : { body: merged(fillTemplate(body, words), reply.body) }),
  }
}

/** Adds to an object, or to nothing; anything else stays as it is. */
function merged(told: LimitTemplate, body: unknown): unknown {
  if (body === undefined) return told
  return isObject(told) && isObject(body) ? { ...told, ...body } : body
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

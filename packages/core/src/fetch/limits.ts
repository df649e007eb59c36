import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { isWaitDocumented } from '../errors/classify-response.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { hitReadings, readRateLimits } from '../limit-reading/read-rate-limits.ts'
import { readRule } from '../limit-reading/read-rule.ts'
import type { Hit, Wait } from '../rate-limit/bucket-call.ts'
import type { CallLimit } from '../rate-limit/call-limit.ts'
import type { Clock } from '../time/clock.ts'
import type { Call } from './call.ts'
import { readAnswer } from './error-body.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { Outcome } from './outcome.ts'
import { costRefusal, limitRefusal, quotaRefusal, refuse } from './refusals.ts'

/** Nobody is kept waiting for longer: such a limit is a quota, or was misread. */
export const LONGEST_WAIT_MS: number = 3_600_000

// Reasons of limits that do not hold other calls back: what is full is something else, or one object has too many calls.
const NOT_OF_CALLS: ReadonlySet<string> = new Set(['storage', 'usage_limit', 'object'])

/** The time before which a call that waits for a limit now has to start: its deadline, or `maxWaitMs` from now. */
export function latestLimitStartMs(call: Call, { rateLimit }: ResolvedFetchOptions, nowMs: number): number {
  if (rateLimit === false) return call.deadlineAtMs
  const longestMs = rateLimit.onLimit === 'fail' ? 0 : Math.min(rateLimit.maxWaitMs, LONGEST_WAIT_MS)
  return Math.min(call.deadlineAtMs, nowMs + longestMs)
}

/** How long a call has to wait for its limits, as far as is known. */
export function limitDelayMs(call: Call, nowMs: number): number {
  let waitMs = 0
  for (const { bucket, cost } of call.limits) waitMs = Math.max(waitMs, bucket.expectedWaitMs(call.place, nowMs, cost))
  return waitMs
}

/** Reserves a place under every limit of the call, when that is possible without waiting. */
export function tryReserve(call: Call, nowMs: number): boolean {
  if (call.limitTicket !== undefined) return false
  for (let index = 0; index < call.limits.length; index++) {
    const limit = call.limits[index] as CallLimit
    if (limit.bucket.tryStart(nowMs, limit.cost)) continue
    cancelLimits(call.limits.slice(0, index))
    return false
  }
  return true
}

/** Gives back what was reserved for a call that is not sent now. */
export function cancelLimits(limits: readonly CallLimit[]): void {
  for (const { bucket, cost } of limits) bucket.cancel(cost)
}

/** Joins the queue of the first limit that holds a retry back, so that its place is that of the decision to retry. */
export function joinLimit(call: Call, latestMs: number, nowMs: number): void {
  const { place } = call
  const held = call.limits.find(({ bucket, cost }) => bucket.expectedWaitMs(place, nowMs, cost) > 0)
  if (held === undefined) return
  const ticket = held.bucket.join({ place, cost: held.cost, latestMs }, nowMs, call.callerSignal)
  call.limitTicket = { limit: held, ticket }
}

/**
 * Reserves a place under every limit of the call, the narrowest first, and waits for each as long as it takes. Returns a
 * refusal when that cannot be in time.
 *
 * @throws the reason of the caller's signal when it aborts.
 */
export async function reserveLimits(
  call: Call,
  options: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): Promise<Outcome | undefined> {
  const { clock } = options
  const { limits } = call
  // For all the waits together.
  const latestMs = latestLimitStartMs(call, options, clock.monotonicMs())
  for (let index = 0; index < limits.length; index++) {
    const limit = limits[index] as CallLimit
    if (call.limitTicket?.limit !== limit) {
      if (limit.bucket.tryStart(clock.monotonicMs(), limit.cost)) continue
      // While a call waits for a narrower limit, it must not get a place under a wider one that those before it wait for.
      leaveQueue(call)
    }
    let refusal: Outcome | undefined
    let isReserved = false
    try {
      refusal = await waitInQueue(call, limit, latestMs, clock, events)
      isReserved = refusal === undefined
    } finally {
      if (!isReserved) {
        cancelLimits(limits.slice(0, index))
        leaveQueue(call)
      }
    }
    if (refusal !== undefined) return refusal
    // A narrower limit was hit while this call waited for a wider one: from the beginning.
    if (limits.slice(0, index).some((held) => held.bucket.pausedMs(clock.monotonicMs()) > 0)) {
      cancelLimits(limits.slice(0, index + 1))
      index = -1
    }
  }
  return undefined
}

async function waitInQueue(
  call: Call,
  limit: CallLimit,
  latestMs: number,
  clock: Clock,
  events: Emitter<CoreEventMap>,
): Promise<Outcome | undefined> {
  const { place } = call
  const { bucket, cost } = limit
  const nowMs = clock.monotonicMs()
  const waitMs = bucket.expectedWaitMs(place, nowMs, cost)
  let ticket = call.limitTicket?.limit === limit ? call.limitTicket.ticket : undefined
  if (ticket === undefined && (bucket.isExhausted(nowMs) || nowMs + waitMs >= latestMs))
    return refuse(call.record, refusalOf(limit, waitMs, nowMs))
  ticket ??= bucket.join({ place, cost, latestMs }, nowMs, call.callerSignal)
  if (events.has('limit:waiting')) events.emit('limit:waiting', { ...call.eventFacts(nowMs), waitMs })
  const result = await ticket.result
  if (call.limitTicket?.ticket === ticket) call.limitTicket = undefined
  const wokenMs = clock.monotonicMs()
  call.noteWait('rate_limit', wokenMs - nowMs)
  if (result === 'refused')
    return refuse(call.record, refusalOf(limit, bucket.expectedWaitMs(place, wokenMs, cost), wokenMs))
  if (events.has('limit:released'))
    events.emit('limit:released', { ...call.eventFacts(wokenMs), waitedMs: wokenMs - nowMs })
  return undefined
}

function refusalOf({ bucket, cost }: CallLimit, waitMs: number, nowMs: number): IntegrationErrorInit {
  if (bucket.isExhausted(nowMs)) return quotaRefusal(bucket.pausedMs(nowMs), bucket.backMs(nowMs))
  if (waitMs === Infinity && cost !== undefined) return costRefusal(cost)
  return limitRefusal(bucket.pausedMs(nowMs) || waitMs)
}

/** Gives up the place in a queue that a retry took and does not need any more. */
export function leaveQueue(call: Call): void {
  const held = call.limitTicket
  call.limitTicket = undefined
  if (held === undefined || held.ticket.leave()) return
  void held.ticket.result.then(
    (result) => {
      if (result === 'started') held.limit.bucket.cancel(held.limit.cost)
    },
    () => {},
  )
}

/** Tells the limits of a call what its answer says of them, and pauses the one that was hit. */
export function learnLimits(
  call: Call,
  outcome: Outcome,
  startedAtMs: number,
  nowMs: number,
  options: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): void {
  const { limits } = call
  if (limits.length === 0) return
  const { failure } = outcome
  const readings = readingsOf(outcome, call, nowMs, options)
  const hit = hitOf(outcome, options)
  const limited = hit === undefined ? undefined : hitLimit(limits, readings)
  // The rate of which they tell is that of another limit.
  const told = hit?.isCrowded === true ? nothing : readings
  let pauseMs = 0
  for (const limit of limits) {
    const { bucket, rules, cost } = limit
    const ended = {
      startedAtMs,
      isSuccess: failure === undefined,
      readings: rules.length === 0 || told.length === 0 ? told : told.filter(({ policy }) => rules.includes(policy)),
      cost,
      hit: limit === limited ? hit : undefined,
    }
    pauseMs = Math.max(pauseMs, bucket.finish(ended, nowMs))
  }
  if (pauseMs > 0 && events.has('limit:paused')) {
    const status = outcome.kind === 'response' ? outcome.response.status : undefined
    events.emit('limit:paused', { ...call.scope.facts, pauseMs, ...(status === undefined ? {} : { status }) })
  }
}

function hitOf(outcome: Outcome, options: ResolvedFetchOptions): Hit | undefined {
  const { failure } = outcome
  if (failure?.code !== 'rate_limited' && failure?.code !== 'quota_exhausted') return undefined
  if (failure.reason !== undefined && NOT_OF_CALLS.has(failure.reason)) return undefined
  return {
    wait: waitOf(failure.retryAfterMs, outcome, options),
    isExhausted: failure.code === 'quota_exhausted',
    isCrowded: failure.reason === 'concurrency',
  }
}

function waitOf(ms: number | undefined, outcome: Outcome, { connector, clock }: ResolvedFetchOptions): Wait {
  if (ms === undefined || ms <= 0) return { kind: 'unknown' }
  const isDocumented =
    outcome.kind === 'response' && isWaitDocumented({ ...readAnswer(outcome.response), now: clock.now() }, connector)
  return { kind: isDocumented ? 'documented' : 'told', ms }
}

const nothing: readonly RateLimitReading[] = []

function readingsOf(
  outcome: Outcome,
  { limits, route }: Call,
  nowMs: number,
  { connector, clock }: ResolvedFetchOptions,
): readonly RateLimitReading[] {
  if (outcome.kind !== 'response') return nothing
  const { response, failure } = outcome
  const isLimit = failure?.code === 'rate_limited' || failure?.code === 'quota_exhausted'
  if (isLimit) return readRateLimits(readAnswer(response), clock.now(), connector)
  // Of other answers the body is read where a success may tell a failure in it.
  const answer = route.tellsFailuresInBody ? readAnswer(response) : response
  let readings = nothing
  for (const { bucket, rules, reading } of limits) {
    if (!bucket.isListening(nowMs)) continue
    if (rules.length === 0 && connector?.rateLimits === undefined) return bucket.read(response.headers, clock.now())
    if (rules.length === 0) return readRateLimits(answer, clock.now(), connector)
    for (const rule of reading) {
      const told = readRule(rule, answer, clock.now())
      if (told !== undefined) readings = readings === nothing ? [told] : [...readings, told]
    }
  }
  return readings
}

/** The limit that an answer says was hit, or the narrowest. */
function hitLimit(limits: readonly CallLimit[], readings: readonly RateLimitReading[]): CallLimit {
  const told = hitReadings(readings)
  const hit = limits.find(({ rules }) => told.some(({ policy }) => rules.includes(policy)))
  return (hit ?? limits[0]) as CallLimit
}

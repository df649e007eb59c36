import type { Connector, ErrorRule, ErrorVerdict } from '../connectors/connector.ts'
import { matchesCondition } from '../connectors/match-condition.ts'
import { limitProblemOf } from '../limit-reading/limit-problem.ts'
import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { hitReadings, limitWaitMs, readRateLimits } from '../limit-reading/read-rate-limits.ts'
import { parseRetryAfterField } from '../time/retry-after.ts'
import { errorCodes } from './codes.ts'
import type { IntegrationErrorInit } from './integration-error.ts'
import {
  challengeRules,
  htmlRules,
  problemRules,
  statusRules,
  temporarilyTooLarge,
  unknownClientError,
  unknownServerError,
  type Verdict,
} from './status-rules.ts'
import { readUpstreamFacts } from './upstream-facts.ts'

/** From this wait on, a limit is a quota: no request is held open for it. */
const QUOTA_WAIT_MS = 3_600_000

/** What is known of an answer. */
export interface ResponseFacts {
  readonly status: number
  readonly headers: Headers
  /** The parsed JSON body, or the text, when it was read. */
  readonly body?: unknown
  /** Wall-clock time of the answer, ms since the epoch. */
  readonly now: number
}

/**
 * Says what an answer means. `undefined` is a success: 1xx to 3xx, unless a rule of the connector says otherwise or it is
 * a 207. The connector's rules come first, the first that matches wins; then the built-in tables.
 *
 * Reads, never throws, and takes nothing secret over: of the body only the provider's code and its redacted message.
 */
export function classifyResponse(facts: ResponseFacts, connector?: Connector): IntegrationErrorInit | undefined {
  const rule = ruleFor(facts, connector)
  if (rule !== undefined) return describe(facts, connector, fromRule(rule.then, facts.status), rule.then.waitMs)
  const verdict = builtInVerdict(facts, connector)
  return verdict === undefined ? undefined : describe(facts, connector, verdict)
}

/** Whether how long to wait after a limit is only documented: the answer says nothing of it. */
export function isWaitDocumented(facts: ResponseFacts, connector?: Connector): boolean {
  const documentedMs = ruleFor(facts, connector)?.then.waitMs
  if (documentedMs === undefined || parseRetryAfterField(facts.headers, facts.now) !== undefined) return false
  return limitWaitMs(readRateLimits(facts, facts.now, connector), documentedMs) === documentedMs
}

function ruleFor(facts: ResponseFacts, connector: Connector | undefined): ErrorRule | undefined {
  return connector?.errors?.find(({ when }) => matchesCondition(when, facts))
}

function fromRule(then: ErrorVerdict, status: number): Verdict {
  return {
    code: then.code,
    ...(then.reason === undefined ? {} : { reason: then.reason }),
    ...(then.fault === undefined ? {} : { fault: then.fault }),
    ...(then.retryable === undefined ? {} : { retryable: then.retryable }),
    delivery: then.delivery ?? statusRules[status]?.delivery ?? 'answered',
  }
}

function builtInVerdict(facts: ResponseFacts, connector: Connector | undefined): Verdict | undefined {
  const { status, headers } = facts
  if (status >= 0 && status < 400) return statusRules[status]
  if (headers.get('cf-mitigated') === 'challenge') return { code: 'upstream_unavailable', reason: 'challenge_page' }
  const problem = problemVerdict(facts)
  if (problem !== undefined) return problem
  if (status === 401 || status === 403) {
    const challenge = challengeVerdict(headers)
    if (challenge !== undefined) return challenge
  }
  if (status === 403 && saysWait(facts, connector)) return { code: 'rate_limited' }
  if (status === 413 && parseRetryAfterField(headers, facts.now) !== undefined) return temporarilyTooLarge
  const page = htmlRules[status]
  if (page !== undefined && isHtml(facts)) return page
  return statusRules[status] ?? (status >= 400 && status < 500 ? unknownClientError : unknownServerError)
}

function problemVerdict({ status, body }: ResponseFacts): Verdict | undefined {
  const problem = limitProblemOf(body)
  if (problem === undefined) return undefined
  const verdict = problemRules[problem.type]
  return status === 429 ? { ...verdict, code: 'rate_limited' } : verdict
}

function challengeVerdict(headers: Headers): Verdict | undefined {
  const error = /\berror\s*=\s*"?([a-z_]+)/i.exec(headers.get('www-authenticate') ?? '')?.[1]?.toLowerCase()
  return error !== undefined && Object.hasOwn(challengeRules, error) ? challengeRules[error] : undefined
}

/** Some providers answer 403 to what exceeds a limit; nobody asks to come back later for lack of permission. */
function saysWait(facts: ResponseFacts, connector: Connector | undefined): boolean {
  const { headers, now } = facts
  if (parseRetryAfterField(headers, now) !== undefined) return true
  return readRateLimits(facts, now, connector).some(({ remaining }) => remaining === 0)
}

function isHtml({ headers, body }: ResponseFacts): boolean {
  if (/^\s*(?:text\/html|application\/xhtml\+xml)/i.test(headers.get('content-type') ?? '')) return true
  return typeof body === 'string' && /^\s*<(?:!doctype html|html)[\s>]/i.test(body.slice(0, 200))
}

function describe(
  facts: ResponseFacts,
  connector: Connector | undefined,
  verdict: Verdict,
  documentedWaitMs?: number,
): IntegrationErrorInit {
  const { status, headers, body, now } = facts
  const isLimit = verdict.code === 'rate_limited' || verdict.code === 'quota_exhausted'
  const fieldMs = parseRetryAfterField(headers, now)
  const mayBeTold = fieldMs === undefined && (isLimit || verdict.reason === 'reduced_capacity')
  const readings = mayBeTold ? readRateLimits(facts, now, connector) : []
  const violated = readings.filter((reading) => reading.violated)
  // Of what is no limit by itself, only the limit that it names says when it is over.
  const retryAfterMs = fieldMs ?? limitWaitMs(isLimit ? readings : violated, documentedWaitMs)
  const isLong = verdict.code === 'rate_limited' && isQuota(retryAfterMs, violated)
  const code = isLong ? 'quota_exhausted' : verdict.code
  const isAsked = verdict.reason === 'abnormal_usage' && (fieldMs ?? limitWaitMs(hitReadings(readings))) !== undefined
  return {
    ...verdict,
    ...(isAsked ? { retryable: 'after' } : {}),
    code,
    delivery: verdict.delivery ?? 'answered',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    message: messageOf(status, connector, code, verdict.reason, retryAfterMs),
    upstream: readUpstreamFacts(status, headers, body, connector?.http?.requestIdHeader),
    ...(connector === undefined ? {} : { integration: connector.id }),
    at: now,
  }
}

/** Where no time is told, the window of what was violated says how long it may be. */
function isQuota(retryAfterMs: number | undefined, violated: readonly RateLimitReading[]): boolean {
  if (retryAfterMs !== undefined) return retryAfterMs >= QUOTA_WAIT_MS
  return violated.some(({ windowMs = 0 }) => windowMs > QUOTA_WAIT_MS)
}

function messageOf(
  status: number,
  connector: Connector | undefined,
  code: IntegrationErrorInit['code'],
  reason: string | undefined,
  retryAfterMs: number | undefined,
): string {
  const what = `${connector?.name ?? 'The API'} answered ${status}${reason === undefined ? '' : ` (${reason})`}.`
  const wait = retryAfterMs === undefined ? '' : ` It asks to wait ${Math.ceil(retryAfterMs / 1000)} s.`
  return `${what} ${errorCodes[code].meaning}${wait}`
}

import type { Connector } from '../connectors/connector.ts'
import type { MatchableAnswer } from '../connectors/match-condition.ts'
import type { RateLimitRule } from '../connectors/rate-limit-rule.ts'
import { mayBeLimitProblem } from '../limit-reading/limit-problem.ts'
import { pathOf, pathPattern } from '../rate-limit/path-pattern.ts'
import type { Clock } from '../time/clock.ts'
import { withTimer } from '../timeout/call-signal.ts'
import { readBoundedText } from './bounded-text.ts'

/** How long a document is waited for that only adds to what status and headers say. */
const PROBLEM_LIMIT_MS = 2_000

/**
 * The parsed JSON body of an answer, where a rule of the connector needs it to tell what the status does not say, or where it
 * may tell which limit was hit. It is read from a clone, so that the answer itself stays as it came; `undefined` when nobody
 * asks for it, when it is no JSON, or when it is larger than 64 KiB; where no rule asks for it, also when it takes more than 2 s.
 */
export async function readErrorBody(
  response: Response,
  connector: Connector | undefined,
  clock: Clock,
): Promise<unknown> {
  const isNeeded = isBodyNeeded(response, connector)
  if ((!isNeeded && !mayBeLimitProblem(response)) || response.body === null) return undefined
  const { body } = response.clone()
  const patience = new AbortController()
  const text =
    body === null
      ? undefined
      : await withTimer(
          clock,
          isNeeded ? Infinity : PROBLEM_LIMIT_MS,
          () => patience.abort(),
          () => readBoundedText(body, patience.signal),
        )
  try {
    const parsed: unknown = text === undefined ? undefined : JSON.parse(text)
    bodies.set(response, parsed)
    return parsed
  } catch {
    return undefined
  }
}

// What was read of an answer, for those who ask later; weak, so that nothing is kept alive.
const bodies = new WeakMap<Response, unknown>()

/** The answer with the body that was read of it, where one was. */
export function readAnswer(response: Response): MatchableAnswer {
  return { status: response.status, headers: response.headers, body: bodies.get(response) }
}

// Of the connector's patterns, made once.
const patterns = new WeakMap<Connector, readonly RegExp[]>()

/**
 * Whether the connector says that what fails at this path is answered 200. Other successes are never looked into: their
 * body may be a stream that never ends.
 */
export function tellsFailuresInBody(connector: Connector | undefined, url: string): boolean {
  const paths = connector?.http?.failuresInBody
  if (connector === undefined || paths === undefined) return false
  let known = patterns.get(connector)
  if (known === undefined) patterns.set(connector, (known = paths.map(pathPattern)))
  const path = pathOf(url)
  return known.some((pattern) => pattern.test(path))
}

/** Whether a rule of the connector can make a failure of a success by its status and headers alone. */
export function judgesSuccesses(connector: Connector | undefined): boolean {
  const rules = connector?.errors ?? []
  return rules.some(({ when: { pointer, status } }) => pointer === undefined && mayBeSuccess(status))
}

function mayBeSuccess(status: number | readonly number[] | undefined): boolean {
  return status === undefined || [status].flat().some((code) => code < 400)
}

function isBodyNeeded({ status, headers }: Response, connector: Connector | undefined): boolean {
  const { errors = [], rateLimits = [] } = connector ?? {}
  const asks =
    errors.some(({ when }) => when.pointer !== undefined && coversStatus(when.status, status)) ||
    (status >= 400 && rateLimits.some(readsBody))
  return asks && /[/+]json/i.test(headers.get('content-type') ?? '')
}

function readsBody({ when, remaining, used, reset }: RateLimitRule): boolean {
  return (when?.pointer ?? (remaining ?? used ?? reset)?.pointer) !== undefined
}

function coversStatus(expected: number | readonly number[] | undefined, status: number): boolean {
  if (expected === undefined) return true
  return typeof expected === 'number' ? expected === status : expected.includes(status)
}

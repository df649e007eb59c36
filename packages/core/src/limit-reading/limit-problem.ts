import type { MatchableAnswer } from '../connectors/match-condition.ts'
import { redactText } from '../errors/redact.ts'

const TYPE =
  /^https?:\/\/(?:www\.)?iana\.org\/assignments\/http-problem-types#(quota-exceeded|temporary-reduced-capacity|abnormal-usage-detected)$/
const NAME = /^[\w.:/-]{1,64}$/
const MAX_NAMES = 16

/** Why a request was refused, as draft-ietf-httpapi-ratelimit-headers section 5 has it. */
export interface LimitProblem {
  readonly type: 'quota-exceeded' | 'temporary-reduced-capacity' | 'abnormal-usage-detected'
  /** The policies that refused it, as far as their names are safe to show; at most 16. */
  readonly violatedPolicies: readonly string[]
}

/** What the body of a refusal says of limits (RFC 9457); `undefined` when it is not of one of these types. */
export function limitProblemOf(body: unknown): LimitProblem | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { type, 'violated-policies': policies } = body as Readonly<Record<string, unknown>>
  const name = typeof type === 'string' ? TYPE.exec(type)?.[1] : undefined
  if (name === undefined) return undefined
  const names = Array.isArray(policies) ? policies.slice(0, MAX_NAMES).filter(isName) : []
  return { type: name as LimitProblem['type'], violatedPolicies: names }
}

/** Whether the body of an answer is read for it where no connector asks for that. */
export function mayBeLimitProblem({ status, headers }: Omit<MatchableAnswer, 'body'>): boolean {
  if (status !== 403 && status !== 429 && status !== 503) return false
  return /^\s*application\/problem\+json\b/i.test(headers.get('content-type') ?? '')
}

function isName(value: unknown): value is string {
  // What redaction would touch may be a secret.
  return typeof value === 'string' && NAME.test(value) && redactText(value) === value
}

import { type ErrorCode, errorCodes } from './codes.ts'
import type { FailureRule } from './failure-rule.ts'
import { failureRules, opaqueFailure } from './failure-rules.ts'
import { type IntegrationErrorInit, isIntegrationError } from './integration-error.ts'
import type { Verdict } from './status-rules.ts'

const MAX_DEPTH = 10
const MAX_LINKS = 64

/** What is known of the call beside the error. */
export interface FailureContext {
  /** The signal that the caller gave. What failed with its reason was canceled. */
  readonly signal?: AbortSignal | null
  /** The reason with which our attempt timer aborts; recognised by identity. */
  readonly attemptTimeoutReason?: unknown
  /** The reason with which our deadline aborts; recognised by identity. */
  readonly deadlineReason?: unknown
  /** The status, when headers had arrived. */
  readonly status?: number
}

/**
 * Says what something that was thrown means: by identity for abort reasons, else by a table of native errors that is
 * looked up along `cause` (10 deep) and among the members of an `AggregateError`. What nothing matches is `unknown`.
 *
 * An `IntegrationError` keeps its own facts. Any other error becomes `cause`; none of its text enters the message.
 * Reads, never throws, whatever it is given.
 */
export function classifyFailure(error: unknown, context: FailureContext = {}): IntegrationErrorInit {
  const seen = new Set<unknown>()
  const chain = chainOf(error, seen)
  const intended = identityVerdict(error, chain, context)
  const own = intended === undefined ? chain.find(isOurs) : undefined
  if (own !== undefined) return factsOf(own)
  const verdict = intended ?? nativeVerdict(chain, seen) ?? opaqueVerdict(chain) ?? { code: 'unknown' }
  const hasAnswer = context.status !== undefined || chain.some((link) => read(link, 'message') === 'terminated')
  return {
    ...(hasAnswer ? afterAnswer(verdict) : verdict),
    message: messageOf(verdict, chain),
    ...(context.status === undefined ? {} : { upstream: { status: context.status } }),
    cause: error,
  }
}

/** The error and its causes, outermost first. What was seen before ends it, so that a cycle does. */
function chainOf(error: unknown, seen: Set<unknown>): readonly unknown[] {
  const chain: unknown[] = []
  let link = error
  while (link !== undefined && link !== null && chain.length <= MAX_DEPTH && seen.size < MAX_LINKS && !seen.has(link)) {
    chain.push(link)
    seen.add(link)
    link = read(link, 'cause')
  }
  return chain
}

function identityVerdict(
  error: unknown,
  chain: readonly unknown[],
  { signal, attemptTimeoutReason, deadlineReason }: FailureContext,
): Verdict | undefined {
  // `null`, which is a reason too, is in no chain.
  const is = (reason: unknown): boolean =>
    reason !== undefined && (reason === error || chain.includes(reason) || isCopyOf(error, reason))
  if (is(deadlineReason)) return { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' }
  if (is(attemptTimeoutReason)) return { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' }
  if (!signal?.aborted || !is(signal.reason)) return undefined
  // AbortSignal.timeout() is the caller's deadline; every other reason is the caller's decision.
  if (read(signal.reason, 'name') === 'TimeoutError') return undefined
  return { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' }
}

/** workerd aborts what is under way with a copy of the reason, and makes an Error of a primitive. */
function isCopyOf(error: unknown, reason: unknown): boolean {
  const message = read(error, 'message')
  if (typeof message !== 'string') return false
  if (typeof reason !== 'object' || reason === null) return message === String(reason)
  return message === read(reason, 'message') && read(error, 'name') === read(reason, 'name')
}

/** The verdict of the first link that the table knows. Members of an AggregateError are asked before the aggregate. */
function nativeVerdict(chain: readonly unknown[], seen: Set<unknown>): Verdict | undefined {
  for (const link of chain) {
    const verdict = membersVerdict(link, seen) ?? failureRules.find((rule) => matchesRule(rule, link))?.means
    if (verdict !== undefined) return verdict
  }
  return undefined
}

function opaqueVerdict(chain: readonly unknown[]): Verdict | undefined {
  return chain.some((link) => matchesRule(opaqueFailure, link)) ? opaqueFailure.means : undefined
}

/** Of several failures at once, the one after which a repeat is least safe. */
function membersVerdict(link: unknown, seen: Set<unknown>): Verdict | undefined {
  const verdicts = membersOf(link)
    .map((member) => nativeVerdict(chainOf(member, seen), seen))
    .filter((verdict) => verdict !== undefined)
  return verdicts.find(({ delivery }) => delivery !== 'not_sent') ?? verdicts[0]
}

function membersOf(link: unknown): readonly unknown[] {
  const members = read(link, 'errors')
  try {
    return Array.isArray(members) ? Array.from<unknown>(members.slice(0, MAX_LINKS)) : []
  } catch {
    return []
  }
}

function matchesRule(rule: FailureRule, link: unknown): boolean {
  if (rule.codes !== undefined && !matchesCode(rule.codes, read(link, 'code'))) return false
  if (rule.names !== undefined && !rule.names.some((name) => name === read(link, 'name'))) return false
  if (rule.syscall !== undefined && rule.syscall !== read(link, 'syscall')) return false
  if (rule.message === undefined) return true
  const message = read(link, 'message')
  return typeof message === 'string' && rule.message.test(message.slice(0, 500))
}

/** A DOMException has a number as its `code` (TimeoutError 23, AbortError 20): only text counts. */
function matchesCode(codes: readonly string[], code: unknown): boolean {
  if (typeof code !== 'string') return false
  return codes.some((wanted) => (wanted.endsWith('*') ? code.startsWith(wanted.slice(0, -1)) : code === wanted))
}

/** What changes once headers had arrived: the other side has answered, and what broke is the body or its parsing. */
function afterAnswer(verdict: Verdict): Verdict {
  return {
    ...verdict,
    ...(verdict.code === 'connection_lost' ? { reason: 'truncated_body' } : {}),
    phase: verdict.phase === 'parse' ? 'parse' : 'body',
    delivery: 'answered',
  }
}

function factsOf(error: object): IntegrationErrorInit {
  const code = read(error, 'code')
  const facts: Record<string, unknown> = {}
  for (const field of FACTS) {
    const value = read(error, field)
    if (value !== undefined) facts[field] = value
  }
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code)
  // Another copy of this package may know codes that this one does not.
  return { ...facts, code: known ? (code as ErrorCode) : 'unknown' }
}

const FACTS = [
  'reason',
  'message',
  'fault',
  'retryable',
  'retryAfterMs',
  'delivery',
  'phase',
  'scope',
  'status',
  'upstream',
  'attempts',
  'integration',
  'connection',
  'endpoint',
  'idempotencyKey',
  'at',
  'cause',
] as const satisfies readonly (keyof IntegrationErrorInit)[]

function messageOf({ code, reason }: Verdict, chain: readonly unknown[]): string {
  const native = chain.map((link) => read(link, 'code')).find(isConstantName)
  const details = [reason, native].filter((detail) => detail !== undefined)
  const meaning = errorCodes[code].meaning
  return details.length === 0 ? meaning : `${meaning.slice(0, -1)} (${details.join(', ')}).`
}

function isConstantName(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z][A-Z\d_]{1,63}$/.test(code)
}

function isOurs(value: unknown): value is object {
  try {
    return isIntegrationError(value)
  } catch {
    return false
  }
}

/** A property of anything; a getter or proxy that throws has none. */
function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return undefined
  }
}

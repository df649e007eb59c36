import { readPointer } from '../connectors/json-pointer.ts'
import { type MatchableAnswer, matchesCondition } from '../connectors/match-condition.ts'
import type { LimitField, RateLimitRule, ResetField } from '../connectors/rate-limit-rule.ts'
import { parseWaitValue, sentAtOf } from '../time/wait-value.ts'
import { type Draft, finishReading, isFromCache, type RateLimitReading, readCount } from './rate-limit-reading.ts'

/** Whether a rule reads anything from answers; the others only declare a limit. */
export function readsAnswers({ remaining, used, reset }: RateLimitRule): boolean {
  return (remaining ?? used ?? reset) !== undefined
}

/** What an answer says of the limit that a rule of a connector describes; `undefined` when it says nothing of it. */
export function readRule(rule: RateLimitRule, answer: MatchableAnswer, now: number): RateLimitReading | undefined {
  if (rule.when !== undefined && !matchesCondition(rule.when, answer)) return undefined
  const told = readTold(rule, answer, now)
  if (told.used === undefined && told.remaining === undefined && told.resetMs === undefined) return undefined
  if (isFromCache(answer.headers)) return undefined
  const limit = readNumber(rule.limit, answer)
  const windowMs = readNumber(rule.windowMs, answer)
  const remaining = told.remaining ?? differenceOf(limit, told.used)
  const draft: Draft = {
    policy: rule.id,
    source: sourceOf(rule),
    ...(rule.unit === undefined ? {} : { unit: rule.unit }),
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(told.resetMs === undefined ? {} : { resetMs: told.resetMs }),
    ...(windowMs === undefined ? {} : { windowMs }),
  }
  const cost = readNumber(rule.actualCost, answer)
  if (cost !== undefined) draft.cost = cost
  const restorePerSecond = readNumber(rule.restorePerSecond, answer) ?? evenRestore(rule, draft)
  // A window of no length restores nothing that could be waited for.
  if (restorePerSecond !== undefined && restorePerSecond > 0 && restorePerSecond < Infinity) {
    const missing = Math.max(1, readNumber(rule.cost, answer) ?? 1) - (remaining ?? Infinity)
    draft.restorePerSecond = restorePerSecond
    delete draft.resetMs
    if (missing > 0) draft.resetMs = Math.ceil((missing * 1_000) / restorePerSecond)
  }
  return finishReading(draft)
}

interface Told {
  readonly remaining: number | undefined
  readonly used: number | undefined
  readonly resetMs: number | undefined
}

function readTold(rule: RateLimitRule, answer: MatchableAnswer, now: number): Told {
  return {
    remaining: readNumber(rule.remaining, answer),
    used: readNumber(rule.used, answer),
    resetMs: readReset(rule.reset, answer, now),
  }
}

/** `resetMeans: 'full'`: what is missing comes back evenly until then. */
function evenRestore(rule: RateLimitRule, { limit, remaining, resetMs, windowMs }: Draft): number | undefined {
  if (rule.resetMeans !== 'full' || limit === undefined) return undefined
  if (resetMs === undefined) return windowMs === undefined ? undefined : (limit * 1_000) / windowMs
  return resetMs === 0 || remaining === undefined ? undefined : ((limit - remaining) * 1_000) / resetMs
}

function differenceOf(limit: number | undefined, used: number | undefined): number | undefined {
  return limit === undefined || used === undefined ? undefined : Math.max(0, limit - used)
}

function readReset(field: ResetField | undefined, answer: MatchableAnswer, now: number): number | undefined {
  const value = field === undefined ? undefined : textOf(field, answer)
  return value === undefined ? undefined : parseWaitValue(value, sentAtOf(answer.headers, now), field?.format)
}

function readNumber(field: LimitField | undefined, answer: MatchableAnswer): number | undefined {
  if (field === undefined) return undefined
  if (field.value !== undefined) return field.value
  let text = textOf(field, answer)
  if (text !== undefined && field.of !== undefined) text = text.split('/')[field.of === 'numerator' ? 0 : 1]
  return readCount(text)
}

function textOf(
  { header, pointer, key }: LimitField | ResetField,
  { headers, body }: MatchableAnswer,
): string | undefined {
  if (header !== undefined) {
    const text = headers.get(header) ?? undefined
    return text === undefined || key === undefined ? text : valueOfKey(text, key)
  }
  const value = pointer === undefined ? undefined : readPointer(body, pointer)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function valueOfKey(text: string, key: string): string | undefined {
  for (const pair of text.split(/[,;]/)) {
    const [name, value] = pair.split('=')
    if (name?.trim() === key) return value
  }
  return undefined
}

function sourceOf({ remaining, used, reset }: RateLimitRule): string {
  return remaining?.header ?? used?.header ?? reset?.header ?? 'body'
}

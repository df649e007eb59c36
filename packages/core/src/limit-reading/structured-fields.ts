import { type Item, type List, type Parameters, parseDictionary, parseList } from 'structured-headers'
import { type Draft, readCount } from './rate-limit-reading.ts'

/**
 * Reads `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) as structured fields (RFC 9651), in every
 * form the drafts had: items with parameters (`"default";r=50;t=30`, since 08), a dictionary (`limit=100, remaining=50,
 * reset=5`, 07) and bare quotas (`100;w=60`, 03 to 06). A malformed field is ignored as a whole. The names of policies are
 * taken as they are; they mean nothing. Several bare quotas are as many policies, each named after what it says but for the one
 * of which is told how much is left.
 *
 * @param limit - Of which the plain fields tell how much is left.
 */
export function readStructuredFields(
  state: string | null,
  policy: string | null,
  limit: number | undefined,
): readonly Draft[] {
  const drafts = new Map<string, Draft>()
  for (const [name, parameters] of itemsOf(state)) {
    const draft = draftOf(drafts, name, 'ratelimit')
    // One policy may have several partitions; what counts is the one with the least left.
    const remaining = numberOf(parameters, 'r')
    if (remaining === undefined || remaining >= (draft.remaining ?? Infinity)) continue
    draft.remaining = remaining
    assign(draft, 'resetMs', secondsOf(parameters, 't'))
  }
  if (drafts.size === 0) readDictionary(state, drafts)
  const [told] = drafts.size === 1 ? drafts.values() : []
  const items = itemsOf(policy)
  const bare = items.filter(([, , value]) => typeof value === 'number')
  // What is left is left of the quota that is the limit.
  const toldOf = bare.length === 1 ? bare[0] : bare.find(([, , value]) => value === (told?.limit ?? limit))
  for (const item of items) {
    const [name, parameters, value] = item
    const isBare = typeof value === 'number'
    const windowMs = windowOf(parameters)
    const ownName = isBare && item !== toldOf ? `${value}/${windowMs}` : name
    const draft = item === toldOf && told !== undefined ? told : draftOf(drafts, ownName, 'ratelimit-policy')
    const quota = isBare ? value : numberOf(parameters, 'q')
    const unit = parameters.get('qu')
    assign(draft, 'limit', draft.limit ?? quota)
    assign(draft, 'windowMs', windowMs)
    if (typeof unit === 'string' && unit !== 'requests') draft.unit = unit
  }
  return [...drafts.values()]
}

/** The window that `RateLimit-Limit: 10, 10;w=1, 50;w=60` (drafts 00 to 02) gives for the limit that comes first. */
export function readLimitWindowMs(field: string): number | undefined {
  if (!field.includes(';')) return undefined
  const limit = readCount(field)
  for (const [, parameters, value] of itemsOf(field)) {
    const windowMs = windowOf(parameters)
    if (value === limit && windowMs !== undefined) return windowMs
  }
  return undefined
}

function readDictionary(field: string | null, drafts: Map<string, Draft>): void {
  if (field === null || !field.includes('=')) return
  try {
    const members = parseDictionary(field)
    const read = (name: string): number | undefined => {
      const value = members.get(name)?.[0]
      return typeof value === 'number' && value >= 0 ? value : undefined
    }
    const [limit, remaining, reset] = [read('limit'), read('remaining'), read('reset')]
    if (limit === undefined && remaining === undefined) return
    const draft = draftOf(drafts, 'default', 'ratelimit')
    assign(draft, 'limit', limit)
    assign(draft, 'remaining', remaining)
    assign(draft, 'resetMs', reset === undefined ? undefined : Math.ceil(reset * 1_000))
  } catch {
    // No structured field: ignored as a whole, as the draft wants it.
  }
}

/** Each item of a list with its name, parameters and value; nothing of a field that is malformed. */
function itemsOf(field: string | null): readonly (readonly [string, Parameters, unknown])[] {
  if (field === null) return []
  let list: List
  try {
    list = parseList(field)
  } catch {
    return []
  }
  return list.filter(isItem).map(([value, parameters]) => [nameOf(value), parameters, value])
}

function isItem(member: List[number]): member is Item {
  return !Array.isArray(member[0])
}

/** Names arrive as strings and as tokens. */
function nameOf(value: Item[0]): string {
  if (typeof value === 'string') return value
  const text =
    typeof value === 'object' && 'toString' in value && !(value instanceof ArrayBuffer) ? value.toString() : ''
  return text === '' ? 'default' : text
}

function windowOf(parameters: Parameters): number | undefined {
  return secondsOf(parameters, 'w') ?? secondsOf(parameters, 'window')
}

function numberOf(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name)
  return typeof value === 'number' && value >= 0 ? value : undefined
}

function secondsOf(parameters: Parameters, name: string): number | undefined {
  const seconds = numberOf(parameters, name)
  return seconds === undefined ? undefined : Math.ceil(seconds * 1_000)
}

function draftOf(drafts: Map<string, Draft>, policy: string, source: string): Draft {
  const known = drafts.get(policy)
  if (known !== undefined) return known
  const draft: Draft = { policy, source }
  drafts.set(policy, draft)
  return draft
}

function assign(draft: Draft, key: 'limit' | 'remaining' | 'resetMs' | 'windowMs', value: number | undefined): void {
  if (value !== undefined) draft[key] = value
}

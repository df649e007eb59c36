import type { Connector } from '../connectors/connector.ts'
import type { RateLimitRule } from '../connectors/rate-limit-rule.ts'
import { readsAnswers } from '../limit-reading/read-rule.ts'
import { LruMap } from '../policy/lru-map.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { type DeclaredLimit, LimitBucket } from './limit-bucket.ts'
import { pathOf, pathPattern } from './path-pattern.ts'
import type { ResolvedRateLimitOptions } from './rate-limit-options.ts'

const MAX_BUCKETS = 1_000
const ANY_PATH = /^/

/** The bucket of a call, and the limits of the connector that it stands for; none: whatever the headers say. */
export interface CallLimit {
  /** Whose it is; empty when the hosts of the connector share it. */
  readonly host: string
  readonly bucket: LimitBucket
  /** Ids of the rules. */
  readonly rules: readonly string[]
  /** Those that read anything from an answer. */
  readonly reading: readonly RateLimitRule[]
}

/** Where a call is limited: whose bucket it needs. */
export interface LimitPlace {
  readonly key: string
  /** Empty when the hosts of the connector share it. */
  readonly host: string
  /** Absent where no rule of the connector applies. */
  readonly group?: RuleGroup
}

/** Limits that the same calls share. */
interface RuleGroup {
  readonly key: string
  readonly rules: readonly string[]
  readonly reading: readonly RateLimitRule[]
  readonly narrowness: number
  readonly declared: readonly DeclaredLimit[]
  /** What calls that share the limit have in common; `undefined` for a call that it does not cover. */
  partOf(method: string, path: string): string | undefined
}

/**
 * The buckets of one function made by `createFetch`: one per host or, where the connector says whom its limits bind, one
 * for each. The 1,000 that were used last are kept.
 */
export class LimitBuckets {
  readonly #buckets: LruMap<CallLimit>
  readonly #create: (host: string, group?: RuleGroup) => CallLimit
  readonly #groups: readonly RuleGroup[]
  readonly #hosts: readonly string[]

  constructor(options: ResolvedRateLimitOptions, connector: Connector | undefined, clock: Clock, random: Random) {
    // Whoever waits in a bucket that is forgotten still gets its turn.
    this.#buckets = new LruMap(MAX_BUCKETS, {
      isNeeded: ({ bucket }) => bucket.pausedMs(clock.monotonicMs()) > 0,
    })
    this.#groups = groupsOf(connector?.rateLimits ?? [])
    this.#hosts = connector?.http?.hosts ?? []
    this.#create = (host, group) => ({
      host,
      bucket: new LimitBucket(options.releaseIntervalMs, clock, random, group?.declared),
      rules: group?.rules ?? [],
      reading: group?.reading ?? [],
    })
  }

  /** Where the calls to a path are limited, the narrowest limit first. */
  placesOf(host: string, method: string, url: string): readonly LimitPlace[] {
    const path = pathOf(url)
    // Hosts that the connector names are one API; where it has a pattern, each host is an account of its own.
    const account = this.#hosts.includes(host) ? '' : host
    const places = this.#groups.flatMap((group) => {
      const part = group.partOf(method, path)
      return part === undefined ? [] : { key: `${account} ${group.key} ${part}`, host: account, group }
    })
    return places.length > 0 ? places : [{ key: host, host }]
  }

  /** The limits that a call is under. */
  limitsAt(places: readonly LimitPlace[]): readonly CallLimit[] {
    return places.map((place) => this.#buckets.get(place.key) ?? this.#add(place))
  }

  /** How long calls to a host are still paused, by the limit that lasts longest. */
  pausedMs(host: string, nowMs: number): number {
    let pausedMs = 0
    for (const limit of this.#buckets.values())
      if (limit.host === host || limit.host === '') pausedMs = Math.max(pausedMs, limit.bucket.pausedMs(nowMs))
    return pausedMs
  }

  clear(): void {
    this.#buckets.clear()
  }

  #add({ key, host, group }: LimitPlace): CallLimit {
    return this.#buckets.getOrCreate(key, () => this.#create(host, group))
  }
}

function groupsOf(rules: readonly RateLimitRule[]): readonly RuleGroup[] {
  const byKey = new Map<string, RateLimitRule[]>()
  for (const rule of rules) {
    const { paths = [], exceptPaths = [] } = rule
    const key = [rule.scope === 'endpoint' ? 'endpoint' : 'all', ...paths, '!', ...exceptPaths].join(' ')
    byKey.set(key, [...(byKey.get(key) ?? []), rule])
  }
  const groups = [...byKey].map(([key, members]) => groupOf(key, members))
  return groups.toSorted((left, right) => right.narrowness - left.narrowness)
}

function groupOf(key: string, rules: readonly RateLimitRule[]): RuleGroup {
  const [first] = rules
  const isPerEndpoint = first?.scope === 'endpoint'
  const paths = first?.paths?.map(pathPattern) ?? [ANY_PATH]
  const exceptPaths = first?.exceptPaths?.map(pathPattern) ?? []
  return {
    key,
    rules: rules.map(({ id }) => id),
    reading: rules.filter(readsAnswers),
    narrowness: (isPerEndpoint ? 2 : 0) + (first?.paths === undefined ? 0 : 1),
    declared: rules.flatMap(({ limit, windowMs }) =>
      limit?.value === undefined || windowMs?.value === undefined
        ? []
        : [{ limit: limit.value, windowMs: windowMs.value }],
    ),
    partOf: (method, path) => {
      if (exceptPaths.some((pattern) => pattern.test(path))) return undefined
      for (const pattern of paths) {
        const match = pattern.exec(path)
        if (match === null) continue
        const names = match.slice(1).join(' ')
        if (!isPerEndpoint) return names
        return `${method} ${names === '' ? path : `${pattern.source} ${names}`}`
      }
      return undefined
    },
  }
}

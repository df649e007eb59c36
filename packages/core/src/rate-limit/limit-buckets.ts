import type { Connector } from '../connectors/connector.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import type { LruMap } from '../policy/lru-map.ts'
import type { Random } from '../random/random.ts'
import { stateHash, stateKey } from '../state/state-key.ts'
import type { StateLink } from '../state/state-link.ts'
import type { Clock } from '../time/clock.ts'
import type { CallLimit } from './call-limit.ts'
import { LimitBucket } from './limit-bucket.ts'
import { bucketMap } from './limits.ts'
import type { LocalCalls } from './local-calls.ts'
import { pathOf } from './path-pattern.ts'
import type { ResolvedRateLimitOptions } from './rate-limit-options.ts'
import { type RuleGroup, ruleGroups } from './rule-groups.ts'
import { SharedLimit } from './shared-limit.ts'

const none: readonly never[] = Object.freeze([])

/** For whom the buckets are. */
export interface LimitOwner {
  readonly connector: Connector | undefined
  readonly connection: string | undefined
}

/** Where a call is limited: whose bucket it needs. */
export interface LimitPlace {
  readonly key: string
  /** Empty when the hosts of the connector share it. */
  readonly host: string
  /** Absent where no rule of the connector applies. */
  readonly group?: RuleGroup
  /** What the calls in one bucket of the group have in common. */
  readonly part?: string
  /** What the connector says that a call takes. */
  readonly cost: number | undefined
}

/**
 * The buckets of one function made by `createFetch`, or of those that share limits: one per host or, where the connector
 * says whom its limits bind, one for each.
 */
export class LimitBuckets {
  readonly #buckets: LruMap<CallLimit>
  readonly #isShared: boolean
  /** Parts those who share limits from each other: who has the same connector, and who the same connection too. */
  readonly #app: string
  readonly #owner: string
  readonly #create: (place: LimitPlace) => CallLimit
  readonly #groups: readonly RuleGroup[]
  readonly #hosts: readonly string[]
  readonly #costOf: ResolvedRateLimitOptions['costOf']

  /** @param link - To the store through which limits are shared with other processes. */
  constructor(options: ResolvedRateLimitOptions, owner: LimitOwner, clock: Clock, random: Random, link?: StateLink) {
    const { connector, connection } = owner
    this.#isShared = options.limits !== undefined
    this.#buckets = options.limits?.buckets ?? bucketMap()
    this.#app = this.#isShared ? `${connector?.id ?? ''} ` : ''
    this.#owner = this.#isShared ? `${this.#app}${connection ?? ''} ` : ''
    this.#groups = ruleGroups(connector?.rateLimits ?? [])
    this.#hosts = connector?.http?.hosts ?? []
    this.#costOf = options.costOf
    this.#create = ({ host, group, part }) => {
      const declared = group?.declared ?? none
      const owners = [connector?.id ?? '', group?.isOfApp === true ? '' : (connection ?? '')]
      // Paths can hold what is secret.
      const what = group === undefined ? [] : [stateHash(`${group.key} ${part}`)]
      const key = stateKey('limit', ...owners, host, ...what)
      const share = link && ((calls: LocalCalls) => new SharedLimit(link, key, declared, calls))
      return {
        host,
        owner: group?.isOfApp === true ? this.#app : this.#owner,
        bucket: new LimitBucket(options.releaseIntervalMs, clock, random, declared, share),
        rules: group?.rules ?? none,
        reading: group?.reading ?? none,
      }
    }
  }

  /** Whether what a call takes depends on more than its path. */
  get asksForCosts(): boolean {
    return this.#costOf !== undefined
  }

  /** Where the calls to a path are limited, the narrowest limit first. */
  placesOf(host: string, method: string, url: string): readonly LimitPlace[] {
    const path = pathOf(url)
    // Hosts that the connector names are one API; where it has a pattern, each host is an account of its own.
    const account = this.#hosts.includes(host) ? '' : host
    const places = this.#groups.flatMap((group) => {
      const part = group.partOf(host, method, path)
      if (part === undefined) return []
      const owner = group.isOfApp ? this.#app : this.#owner
      return {
        key: `${owner}${account} ${group.key} ${part}`,
        host: account,
        group,
        part,
        cost: group.costOf(method, path),
      }
    })
    return places.length > 0 ? places : [{ key: `${this.#owner}${host}`, host, cost: undefined }]
  }

  /** The limits that a call is under. */
  limitsAt(places: readonly LimitPlace[], method: string, url: string): readonly CallLimit[] {
    const limits: CallLimit[] = []
    for (const place of places) {
      const cost = place.cost ?? this.#askedCost(place, method, url)
      // What takes nothing is not limited.
      if (cost === 0) continue
      const limit = this.#buckets.get(place.key) ?? this.#add(place)
      limits.push(cost === undefined ? limit : { ...limit, cost })
    }
    return limits
  }

  /** How long calls to a host are still paused, by the limit that lasts longest. */
  pausedMs(host: string, nowMs: number): number {
    let pausedMs = 0
    for (const limit of this.#buckets.values()) {
      const isOwn = limit.owner === this.#owner || limit.owner === this.#app
      if (isOwn && (limit.host === host || limit.host === ''))
        pausedMs = Math.max(pausedMs, limit.bucket.pausedMs(nowMs))
    }
    return pausedMs
  }

  /** Forgets everything, unless others share it. Resolves when what was held in a store is given back. */
  async close(): Promise<void> {
    if (this.#isShared) return
    const closed = [...this.#buckets.values()].map(async ({ bucket }) => bucket.shared?.close())
    this.#buckets.clear()
    await Promise.all(closed)
  }

  #add(place: LimitPlace): CallLimit {
    return this.#buckets.getOrCreate(place.key, () => this.#create(place))
  }

  /** What `costOf` says, for limits of which it can know something. */
  #askedCost({ group }: LimitPlace, method: string, url: string): number | undefined {
    const countsCalls = group === undefined ? this.#groups.length > 0 : group.unit === undefined
    if (this.#costOf === undefined || countsCalls) return undefined
    const cost: unknown = this.#costOf({ method, url })
    if (typeof cost === 'number' && cost >= 0 && cost < Infinity) return cost
    throw new InvalidOptionsError({ path: 'rateLimit.costOf()', expected: 'a finite number >= 0', received: cost })
  }
}

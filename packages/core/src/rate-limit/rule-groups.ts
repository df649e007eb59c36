import type { RateLimitRule } from '../connectors/rate-limit-rule.ts'
import { readsAnswers } from '../limit-reading/read-rule.ts'
import type { DeclaredLimit } from './limit-quotas.ts'
import { pathPattern } from './path-pattern.ts'

const ANY_PATH = /^/

/** Limits that the same calls share, and that count the same. */
export interface RuleGroup {
  readonly key: string
  readonly rules: readonly string[]
  /** Those that read anything from an answer. */
  readonly reading: readonly RateLimitRule[]
  /** Whether all connections of the application share them. */
  readonly isOfApp: boolean
  /** What is counted, where it is not calls. */
  readonly unit: string | undefined
  readonly narrowness: number
  readonly declared: readonly DeclaredLimit[]
  /** What calls that share the limits have in common; `undefined` for a call that they do not cover. */
  partOf(host: string, method: string, path: string): string | undefined
  /** What a call takes, where the connector says so. 0: the limits do not count it. */
  costOf(method: string, path: string): number | undefined
}

/** The rules of a connector by what they cover, the narrowest first. */
export function ruleGroups(rules: readonly RateLimitRule[]): readonly RuleGroup[] {
  const byKey = new Map<string, RateLimitRule[]>()
  for (const rule of rules) {
    const { scope, hosts = [], paths = [], exceptPaths = [], unit = '', costs = [] } = rule
    const key = [
      scope,
      ...hosts,
      ...paths,
      '!',
      ...exceptPaths,
      unit,
      ...costs.map((cost) => JSON.stringify(cost)),
    ].join(' ')
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
  const costs = (first?.costs ?? []).map(({ methods, paths: pricedPaths, cost }) => ({
    methods,
    paths: pricedPaths?.map(pathPattern) ?? [ANY_PATH],
    cost,
  }))
  return {
    key,
    rules: rules.map(({ id }) => id),
    reading: rules.filter(readsAnswers),
    isOfApp: first?.scope === 'app',
    unit: first?.unit,
    narrowness: (isPerEndpoint ? 2 : 0) + (first?.paths === undefined ? 0 : 1),
    declared: rules.flatMap(({ id, limit, windowMs, unit }) =>
      limit?.value === undefined || windowMs?.value === undefined
        ? []
        : [{ policy: id, limit: limit.value, windowMs: windowMs.value, unit }],
    ),
    partOf: (host, method, path) => {
      if (first?.hosts?.includes(host) === false) return undefined
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
    costOf: (method, path) => {
      if (costs.length === 0) return undefined
      const priced = costs.find(
        (entry) => entry.methods?.includes(method) !== false && entry.paths.some((pattern) => pattern.test(path)),
      )
      return priced?.cost ?? 1
    },
  }
}

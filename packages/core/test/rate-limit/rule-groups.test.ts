import { describe, expect, it } from 'vitest'
import type { RateLimitRule } from '../../src/index.ts'
import { ruleGroups } from '../../src/rate-limit/rule-groups.ts'

const base: RateLimitRule = { id: 'calls', scope: 'connection' }

describe('ruleGroups', () => {
  it('covers the hosts that a rule names, and all where it names none', () => {
    const [named] = ruleGroups([{ ...base, hosts: ['api.example.com'] }])
    expect(named?.partOf('api.example.com', 'GET', '/')).toBe('')
    expect(named?.partOf('git.acme.example', 'GET', '/')).toBeUndefined()
    const [all] = ruleGroups([base])
    expect(all?.partOf('git.acme.example', 'GET', '/')).toBe('')
  })

  it('puts rules together that cover the same, and no others', () => {
    const rules: readonly RateLimitRule[] = [
      base,
      { ...base, id: 'daily' },
      { ...base, id: 'elsewhere', hosts: ['api.example.com'] },
      { ...base, id: 'search', paths: ['/search'] },
    ]
    const groups = ruleGroups(rules).map((group) => group.rules)
    expect(groups).toEqual([['search'], ['calls', 'daily'], ['elsewhere']])
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  defaultBulkheadOptions,
  defaultCircuitBreakerOptions,
  defaultRateLimitOptions,
  defaultRetryBudgetOptions,
  defaultRetryOptions,
  defaultTimeoutOptions,
} from '../../src/index.ts'

const { budget: _budget, ...defaultDelays } = defaultRetryOptions

describe('the pages about outbound calls', () => {
  it.each([
    ['outbound', { ...defaultTimeoutOptions, ...defaultBulkheadOptions }],
    ['retry', { ...defaultDelays, ...defaultRetryBudgetOptions }],
    ['rate-limit', defaultRateLimitOptions],
    ['circuit-breaker', defaultCircuitBreakerOptions],
  ])('docs/%s.md lists the defaults as they are', (name, defaults) => {
    const page = readPage(name)
    const section = page.slice(page.indexOf('## Defaults'), page.indexOf('## Events'))
    const rows = [...section.matchAll(/^\| `(\w+)` \| `([\w.]+)` \|/gm)].map(([, option, value = '']) => [
      option,
      /^\d|^Infinity$/.test(value) ? Number(value.replaceAll('_', '')) : value,
    ])
    expect(Object.fromEntries(rows)).toEqual(defaults)
  })

  it.each(['outbound', 'retry', 'rate-limit', 'circuit-breaker'])('docs/%s.md follows the template', (name) => {
    const headings = [...readPage(name).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual([
      'About',
      'Usage',
      'Defaults',
      'Events',
      'Errors',
      'How it decides',
      'Patterns',
      'Anti-patterns',
      'Limits',
    ])
  })
})

function readPage(name: string): string {
  return readFileSync(new URL(`../../../../docs/${name}.md`, import.meta.url), 'utf8')
}

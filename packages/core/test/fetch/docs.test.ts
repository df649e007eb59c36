import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  defaultBulkheadOptions,
  defaultCircuitBreakerOptions,
  defaultHedgeOptions,
  defaultRateLimitOptions,
  defaultRetryBudgetOptions,
  defaultRetryOptions,
  defaultTimeoutOptions,
  type RetryStop,
} from '../../src/index.ts'

const { budget: _budget, ...defaultDelays } = defaultRetryOptions

describe('the pages about outbound calls', () => {
  it.each([
    ['outbound', { ...defaultTimeoutOptions, ...defaultBulkheadOptions, ...defaultHedgeOptions }],
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

const stops = Object.keys({
  server_veto: true,
  not_retryable: true,
  unsafe: true,
  body_not_replayable: true,
  surfaced: true,
  nested: true,
  deadline: true,
  circuit_open: true,
  budget: true,
  max_attempts: true,
} satisfies Record<RetryStop, true>)

it('docs/retry.md explains every reason to stop', () => {
  const page = readPage('retry')
  const section = page.slice(page.indexOf('## How it decides'), page.indexOf('## Patterns'))
  expect([...section.matchAll(/^\| `(\w+)` \| /gm)].map(([, stop]) => stop).filter((stop) => stop !== 'stop')).toEqual(
    stops,
  )
})

function readPage(name: string): string {
  return readFileSync(new URL(`../../../../docs/${name}.md`, import.meta.url), 'utf8')
}

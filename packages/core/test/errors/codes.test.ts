import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/errors/codes.ts'
import { failureRules } from '../../src/errors/failure-rules.ts'
import {
  challengeRules,
  htmlRules,
  statusRules,
  unknownClientError,
  unknownServerError,
} from '../../src/errors/status-rules.ts'

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')

/** The rows of the page's tables whose first cell is a name in backquotes, cell by cell. */
const rows = page
  .split('\n')
  .filter((line) => /^\| `\w+` \|/.test(line))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )

/** The section under a heading, up to the next one. */
function section(heading: string): readonly (readonly string[])[] {
  const text = page.slice(page.indexOf(heading)).split(/\n#/)[0] ?? ''
  return rows.filter((cells) => text.includes(cells.join(' | ')))
}

const verdicts = [
  ...Object.values(statusRules),
  ...Object.values(challengeRules),
  ...Object.values(htmlRules),
  ...failureRules.map(({ means }) => means),
  unknownClientError,
  unknownServerError,
]

describe('errorCodes', () => {
  test('is the closed set of 32', () => {
    expect(Object.keys(errorCodes)).toEqual([
      'timeout',
      'connection_failed',
      'dns_error',
      'tls_error',
      'connection_lost',
      'canceled',
      'rate_limited',
      'quota_exhausted',
      'token_expired',
      'token_refresh_failed',
      'reauth_required',
      'app_credentials_invalid',
      'insufficient_scope',
      'permission_denied',
      'account_unavailable',
      'connection_unusable',
      'invalid_request',
      'not_found',
      'conflict',
      'idempotency_conflict',
      'unsupported',
      'upstream_error',
      'upstream_unavailable',
      'partial_failure',
      'schema_mismatch',
      'signature_invalid',
      'timestamp_stale',
      'circuit_open',
      'overloaded',
      'configuration_error',
      'internal_error',
      'unknown',
    ])
    expect(Object.keys(errorCodes)).toHaveLength(32)
  })

  test.each(Object.entries(errorCodes))('%s has a sane default for every field', (code, defaults) => {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect(defaults.meaning).toMatch(/^[A-Z].*\.$/)
    expect(['caller', 'customer', 'upstream', 'network', 'platform']).toContain(defaults.fault)
    expect(['never', 'now', 'after', 'after_refresh', 'after_user_action']).toContain(defaults.retryable)
    expect(['not_sent', 'unknown', 'answered']).toContain(defaults.delivery)
    expect(['request', 'connection', 'integration', 'provider']).toContain(defaults.scope)
    expect(defaults.status === 207 || (defaults.status >= 400 && defaults.status <= 599)).toBe(true)
  })

  test('never blames the network for what was answered', () => {
    for (const { fault, delivery } of Object.values(errorCodes))
      expect([fault, delivery]).not.toEqual(['network', 'answered'])
  })
})

describe('docs/errors.md', () => {
  test('lists every code with the defaults of the catalogue, in its order, and no other', () => {
    expect(section('## Codes')).toEqual(
      Object.entries(errorCodes).map(([code, { meaning, fault, retryable, status, delivery }]) => [
        `\`${code}\``,
        meaning,
        fault,
        retryable,
        String(status),
        delivery,
      ]),
    )
  })

  test('lists every reason that the built-in tables give, under its code', () => {
    const listed = new Map(section('### Reasons').map(([code = '', reasons = '']) => [code.slice(1, -1), reasons]))
    for (const { code, reason } of verdicts) {
      if (reason !== undefined) expect(listed.get(code) ?? `nothing under ${code}`).toContain(`\`${reason}\``)
    }
  })
})

describe('the built-in tables', () => {
  test('give reasons in snake_case', () => {
    for (const { reason } of verdicts) expect(reason ?? 'none').toMatch(/^[a-z]+(?:_[a-z]+)*$/)
  })
})

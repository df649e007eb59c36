import type { VerificationScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { refusalText } from '../../src/receiver/refusal-text.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { notVerified, type VerifyFailureReason } from '../../src/verify/verify-result.ts'
import { keyValueScheme, listScheme, plainScheme, SIGNED_AT_S } from '../verify/sample-connectors.ts'

interface Refused {
  readonly verify?: readonly VerificationScheme[]
  readonly headers?: readonly (readonly [string, string])[]
  /** How long after the time of signing it came. */
  readonly ageMs?: number
  readonly toleranceMs?: number
}

function textOf(
  reason: VerifyFailureReason,
  { verify = [plainScheme], headers = [], ageMs = 0, toleranceMs }: Refused = {},
): string {
  const receivedAt = SIGNED_AT_S * 1000 + ageMs
  const reader = new RequestReader({ headers, body: new Uint8Array(), receivedAt })
  return refusalText(notVerified(reason), { webhook: { verify }, reader, toleranceMs })
}

describe('refusalText', () => {
  test('names every header that the signature needs, and says which of them came', () => {
    expect(textOf('missing_header', { verify: [listScheme], headers: [['Webhook-Id', 'msg_1']] })).toBe(
      'The webhook failed verification: a header that the signature needs is absent' +
        ' (`webhook-signature` did not come, `webhook-timestamp` did not come, `webhook-id` came).',
    )
  })

  test('says how often a header came that must be there once', () => {
    const headers = [
      ['x-signature', 'sha256=00'],
      ['X-Signature', 'sha256=11'],
    ] as const
    expect(textOf('duplicate_header', { headers })).toContain('(`x-signature` came 2 times)')
  })

  test('knows the headers of tokens, of basic authentication and of RFC 9421', () => {
    const verify: readonly VerificationScheme[] = [
      { scheme: 'token', header: 'x-token' },
      { scheme: 'basic' },
      { scheme: 'http-signature', algorithms: ['hmac-sha256'], requires: [] },
      { scheme: 'jwt', algorithms: ['HS256'], token: { from: 'header', name: 'x-jwt' } },
    ]
    const names = [...textOf('missing_header', { verify }).matchAll(/`([^`]+)` did not come/g)].map(([, name]) => name)
    expect(names).toEqual(['x-token', 'authorization', 'signature-input', 'signature', 'x-jwt'])
  })

  test('says how far the time of signing is off, which way, and what is accepted', () => {
    const headers = [['x-kv', `t=${SIGNED_AT_S},v1=00`]] as const
    const verify = [plainScheme, keyValueScheme]
    expect(textOf('stale_timestamp', { verify, headers, ageMs: 700_000 })).toContain(
      '(700000 ms before it came by the clock of this machine, and 300000 ms are accepted)',
    )
    expect(textOf('future_timestamp', { verify, headers, ageMs: -700_000, toleranceMs: 60_000 })).toContain(
      '(700000 ms after it came by the clock of this machine, and 60000 ms are accepted)',
    )
  })

  test('says in words what probably went wrong', () => {
    const reader = new RequestReader({ headers: [], body: new Uint8Array(), receivedAt: 0 })
    const failure = { ...notVerified('mismatch'), hint: 'secret_whitespace' } as const
    expect(refusalText(failure, { webhook: { verify: [plainScheme] }, reader, toleranceMs: undefined })).toMatch(
      /Probably a secret has white space around it \(secret_whitespace\)\.$/,
    )
  })

  test('shows no value of a header', () => {
    const headers = [['x-signature', 'the-value']] as const
    for (const reason of ['malformed_signature', 'mismatch', 'duplicate_header'] as const) {
      expect(textOf(reason, { headers })).not.toContain('the-value')
    }
  })
})

import type { Connector, ErrorRule } from '@holdfast/core'

const because = (status: number, reasons: readonly [string, ...string[]], then: ErrorRule['then']): ErrorRule => ({
  when: { status, pointer: '/error/errors/0/reason', in: reasons },
  then,
  example: { status, body: { error: { code: status, message: 'No.', errors: [{ reason: reasons[0] }] } } },
})

/** By the `google.rpc.ErrorInfo` of newer APIs. */
const informed = (status: number, reason: string, then: ErrorRule['then']): ErrorRule => ({
  when: { pointer: '/error/details/0/reason', equals: reason },
  then,
  example: { status, body: { error: { code: status, message: 'No.', details: [{ reason }] } } },
})

/** Of the token endpoint: `error` is a text there. */
const oauth = (status: number, error: string, then: ErrorRule['then']): ErrorRule => ({
  when: { pointer: '/error', equals: error },
  then,
  example: { status, body: { error, error_description: 'No.' } },
})

/** Google's APIs as far as their errors differ from what their status says. */
export const provider: Connector = {
  id: 'google',
  name: 'Google',
  sources: [
    { url: 'https://developers.google.com/workspace/drive/api/guides/handle-errors', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/googleapis/googleapis', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/googleapis/google-auth-library-nodejs', verifiedAt: '2026-11-22' },
    { url: 'https://www.rfc-editor.org/errata/eid4745', verifiedAt: '2026-11-22' },
  ],
  errors: [
    because(403, ['rateLimitExceeded', 'userRateLimitExceeded', 'sharingRateLimitExceeded'], { code: 'rate_limited' }),
    because(403, ['dailyLimitExceeded', 'storageQuotaExceeded'], { code: 'quota_exhausted' }),
    informed(403, 'SERVICE_DISABLED', { code: 'configuration_error', reason: 'api_disabled', delivery: 'answered' }),
    informed(403, 'BILLING_DISABLED', { code: 'account_unavailable', reason: 'payment_required' }),
    informed(400, 'API_KEY_INVALID', { code: 'app_credentials_invalid', reason: 'api_key' }),
    informed(429, 'RESOURCE_QUOTA_EXCEEDED', { code: 'quota_exhausted' }),
    oauth(400, 'invalid_grant', { code: 'reauth_required', reason: 'invalid_grant' }),
    oauth(401, 'invalid_client', { code: 'app_credentials_invalid', reason: 'invalid_client' }),
    oauth(400, 'unauthorized_client', { code: 'app_credentials_invalid', reason: 'unauthorized_client' }),
  ],
}

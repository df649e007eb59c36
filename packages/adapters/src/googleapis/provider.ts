import type { Connector, ErrorRule } from '@holdfast/core'

const because = (status: number, reasons: readonly [string, ...string[]], then: ErrorRule['then']): ErrorRule => ({
  when: { status, pointer: '/error/errors/0/reason', in: reasons },
  then,
  example: { status, body: { error: { code: status, message: 'No.', errors: [{ reason: reasons[0] }] } } },
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
    { url: 'https://developers.google.com/identity/protocols/oauth2', verifiedAt: '2026-11-22' },
  ],
  errors: [
    because(403, ['rateLimitExceeded', 'userRateLimitExceeded', 'sharingRateLimitExceeded'], { code: 'rate_limited' }),
    because(403, ['dailyLimitExceeded', 'quotaExceeded', 'storageQuotaExceeded'], { code: 'quota_exhausted' }),
    because(403, ['insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'], {
      code: 'insufficient_scope',
      reason: 'scope_missing',
    }),
    because(403, ['accessNotConfigured'], {
      code: 'configuration_error',
      reason: 'api_disabled',
      delivery: 'answered',
    }),
    because(400, ['keyInvalid', 'badRequest.keyInvalid'], { code: 'app_credentials_invalid', reason: 'api_key' }),
    oauth(400, 'invalid_grant', { code: 'reauth_required', reason: 'invalid_grant' }),
    oauth(401, 'invalid_client', { code: 'app_credentials_invalid', reason: 'invalid_client' }),
    oauth(401, 'unauthorized_client', { code: 'app_credentials_invalid', reason: 'unauthorized_client' }),
    oauth(403, 'org_internal', { code: 'permission_denied', reason: 'org_internal' }),
  ],
}

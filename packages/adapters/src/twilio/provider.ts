import type { Connector, ErrorRule } from '@holdfast/core'

const coded = (status: number, code: number, then: ErrorRule['then']): ErrorRule => ({
  when: { pointer: '/code', equals: code },
  then,
  example: { status, body: { code, message: 'No.' } },
})

/** Twilio as far as its errors differ from what their status says. */
export const provider: Connector = {
  id: 'twilio',
  name: 'Twilio',
  sources: [
    { url: 'https://www.twilio.com/docs/api/errors/20003', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/api/errors/20005', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/api/errors/20008', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/api/errors/20429', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/api/errors/14107', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/api/errors/21610', verifiedAt: '2026-11-22' },
    { url: 'https://www.twilio.com/docs/iam/test-credentials', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/twilio/twilio-node', verifiedAt: '2026-11-22' },
  ],
  errors: [
    coded(401, 20003, { code: 'app_credentials_invalid', reason: 'api_key' }),
    coded(403, 20008, { code: 'permission_denied', reason: 'test_credentials' }),
    coded(429, 20429, { code: 'rate_limited' }),
    // Too many messages between two numbers: Twilio holds back for 30 seconds what is sent between them.
    coded(400, 14107, { code: 'rate_limited', waitMs: 30_000 }),
    coded(403, 20005, { code: 'account_unavailable', reason: 'inactive' }),
    // The recipient has opted out: asking again does not help, and is not allowed.
    coded(400, 21610, { code: 'invalid_request', reason: 'opted_out', fault: 'customer' }),
    {
      when: { status: 401 },
      then: { code: 'app_credentials_invalid', reason: 'api_key' },
      example: { status: 401, body: { message: 'Unauthorized' } },
    },
  ],
}

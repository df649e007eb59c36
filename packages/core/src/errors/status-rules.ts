import type { LimitProblem } from '../limit-reading/limit-problem.ts'
import type { IntegrationErrorInit } from './integration-error.ts'

/** What a status, header or native error says before anybody who knows more has spoken. */
export type Verdict = Pick<
  IntegrationErrorInit,
  'code' | 'reason' | 'fault' | 'retryable' | 'delivery' | 'phase' | 'status'
>

/**
 * What each status means. Codes that are missing follow RFC 9110 section 15: they mean what the x00 of their class means.
 *
 * `delivery: 'unknown'` stands where the answer comes from a gateway that may have passed the request on before it gave up.
 */
export const statusRules: Readonly<Record<number, Verdict>> = {
  207: { code: 'partial_failure' },

  400: { code: 'invalid_request' },
  401: { code: 'token_expired' },
  402: { code: 'account_unavailable', reason: 'payment_required' },
  403: { code: 'permission_denied' },
  404: { code: 'not_found', reason: 'resource' },
  405: { code: 'unsupported', reason: 'method' },
  406: { code: 'unsupported', reason: 'media_type' },
  407: { code: 'configuration_error', reason: 'proxy_authentication', delivery: 'not_sent' },
  408: { code: 'timeout', reason: 'request', delivery: 'unknown' },
  409: { code: 'conflict' },
  410: { code: 'not_found', reason: 'gone' },
  411: { code: 'invalid_request', reason: 'length_required' },
  412: { code: 'conflict', reason: 'version' },
  413: { code: 'invalid_request', reason: 'too_large' },
  414: { code: 'invalid_request', reason: 'too_large' },
  415: { code: 'unsupported', reason: 'media_type' },
  416: { code: 'invalid_request', reason: 'range' },
  417: { code: 'unsupported', reason: 'expectation' },
  420: { code: 'rate_limited' },
  421: { code: 'upstream_unavailable', reason: 'misdirected', retryable: 'now' },
  422: { code: 'invalid_request', reason: 'validation' },
  423: { code: 'conflict', reason: 'locked', retryable: 'after' },
  424: { code: 'conflict', reason: 'failed_dependency' },
  // RFC 8470: the server refused to risk a replay and did not process the request.
  425: { code: 'upstream_unavailable', reason: 'too_early', retryable: 'now' },
  426: { code: 'unsupported', reason: 'upgrade_required' },
  428: { code: 'conflict', reason: 'precondition_required' },
  429: { code: 'rate_limited' },
  431: { code: 'invalid_request', reason: 'too_large' },
  451: { code: 'permission_denied', reason: 'legal' },

  500: { code: 'upstream_error' },
  501: { code: 'unsupported', reason: 'feature' },
  502: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  503: { code: 'upstream_unavailable' },
  504: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  505: { code: 'unsupported', reason: 'http_version' },
  507: { code: 'upstream_unavailable', reason: 'storage' },
  509: { code: 'upstream_unavailable', reason: 'bandwidth' },
  510: { code: 'unsupported', reason: 'extension' },
  511: { code: 'connection_failed', reason: 'captive_portal', delivery: 'not_sent' },
  // 520 to 527 and 530 are Cloudflare's, 529 means overloaded at several providers, 598 and 599 are proxies' timeouts.
  520: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  521: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  522: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  523: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  524: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  525: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  526: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  527: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  529: { code: 'upstream_unavailable', reason: 'overloaded' },
  530: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  598: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
  599: { code: 'upstream_unavailable', reason: 'gateway', delivery: 'unknown' },
}

/** A 413 with a `Retry-After`, which says that the condition is temporary (RFC 9110 section 15.5.14). */
export const temporarilyTooLarge: Verdict = { code: 'invalid_request', reason: 'too_large', retryable: 'after' }

/** A status of class 4xx that nobody has described. */
export const unknownClientError: Verdict = { code: 'invalid_request', reason: 'unrecognized_status' }

/** A status of class 5xx that nobody has described, or one outside of 100 to 599 (RFC 9110 section 15). */
export const unknownServerError: Verdict = { code: 'upstream_error', reason: 'unrecognized_status' }

/** What `error=` in `WWW-Authenticate` says on a 401 or 403 (RFC 6750 section 3.1, RFC 9470). */
export const challengeRules: Readonly<Record<string, Verdict>> = {
  invalid_token: { code: 'token_expired', reason: 'invalid_token' },
  insufficient_scope: { code: 'insufficient_scope', reason: 'scope_missing' },
  insufficient_user_authentication: { code: 'reauth_required', reason: 'step_up_required' },
}

/** What the problem types of draft-ietf-httpapi-ratelimit-headers section 5 mean. */
export const problemRules: Readonly<Record<LimitProblem['type'], Verdict>> = {
  'quota-exceeded': { code: 'rate_limited' },
  'temporary-reduced-capacity': { code: 'upstream_unavailable', reason: 'reduced_capacity' },
  // To go on as before is what was refused; only a time that the server names changes that.
  'abnormal-usage-detected': { code: 'rate_limited', reason: 'abnormal_usage', retryable: 'never' },
}

/** What a page for people means where an API was expected to answer. */
export const htmlRules: Readonly<Record<number, Verdict>> = {
  403: { code: 'upstream_unavailable', reason: 'challenge_page' },
  404: { code: 'not_found', reason: 'endpoint_mismatch', fault: 'platform' },
  503: { code: 'upstream_unavailable', reason: 'challenge_page' },
}

/** Whose fault a failure is: our user's code, our user's customer, the API, the network between, or our user's own set-up. */
export type Fault = 'caller' | 'customer' | 'upstream' | 'network' | 'platform'

/** Whether repeating can help, and what has to happen first. */
export type Retryable = 'never' | 'now' | 'after' | 'after_refresh' | 'after_user_action'

/** What is known of the request: it never left, nobody knows, or the other side answered. */
export type Delivery = 'not_sent' | 'unknown' | 'answered'

/** How far the call had come when it failed. */
export type Phase = 'local' | 'dns' | 'connect' | 'tls' | 'send' | 'headers' | 'body' | 'parse'

/** Who else is hit by the same failure. */
export type Scope = 'request' | 'connection' | 'integration' | 'provider'

/** What a code means where nothing more specific is known. */
export interface CodeDefaults {
  /** One line for people. */
  readonly meaning: string
  readonly fault: Fault
  readonly retryable: Retryable
  readonly delivery: Delivery
  readonly scope: Scope
  /** The HTTP status to answer with when the error is passed on to somebody else. */
  readonly status: number
}

/** The closed set of codes. Branch on this; log `reason`. */
export type ErrorCode =
  | 'timeout'
  | 'connection_failed'
  | 'dns_error'
  | 'tls_error'
  | 'connection_lost'
  | 'canceled'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'token_expired'
  | 'token_refresh_failed'
  | 'reauth_required'
  | 'app_credentials_invalid'
  | 'insufficient_scope'
  | 'permission_denied'
  | 'account_unavailable'
  | 'connection_unusable'
  | 'invalid_request'
  | 'not_found'
  | 'conflict'
  | 'idempotency_conflict'
  | 'unsupported'
  | 'upstream_error'
  | 'upstream_unavailable'
  | 'partial_failure'
  | 'schema_mismatch'
  | 'signature_invalid'
  | 'timestamp_stale'
  | 'circuit_open'
  | 'overloaded'
  | 'configuration_error'
  | 'internal_error'
  | 'unknown'

/**
 * The catalogue: every `code` that an `IntegrationError` can carry. It is closed; the finer, open distinction is `reason`.
 * docs/errors.md is compared with it by a test.
 */
export const errorCodes: Readonly<Record<ErrorCode, CodeDefaults>> = {
  timeout: code('The deadline passed.', 'network', 'after', 504, 'unknown', 'request'),
  connection_failed: code('No connection could be made.', 'network', 'after', 503, 'not_sent', 'provider'),
  dns_error: code('The host name was not resolved.', 'network', 'after', 502, 'not_sent', 'provider'),
  tls_error: code(
    'The TLS handshake or the certificate was refused.',
    'upstream',
    'never',
    502,
    'not_sent',
    'provider',
  ),
  connection_lost: code('The connection broke after bytes were sent.', 'network', 'after', 502, 'unknown', 'request'),
  canceled: code('The caller aborted.', 'caller', 'never', 499, 'unknown', 'request'),
  rate_limited: code('A short-window limit was hit.', 'caller', 'after', 429, 'answered', 'connection'),
  quota_exhausted: code('A long-window quota is used up.', 'caller', 'never', 429, 'answered', 'connection'),
  token_expired: code(
    'The access token was refused; a refresh may help.',
    'platform',
    'after_refresh',
    401,
    'answered',
    'connection',
  ),
  token_refresh_failed: code('The token cannot be refreshed now.', 'upstream', 'after', 503, 'unknown', 'connection'),
  reauth_required: code(
    'The grant is dead; the customer must connect again.',
    'customer',
    'after_user_action',
    401,
    'answered',
    'connection',
  ),
  app_credentials_invalid: code(
    'Our own client credentials are refused.',
    'platform',
    'never',
    500,
    'answered',
    'integration',
  ),
  insufficient_scope: code('The token lacks a scope.', 'customer', 'after_user_action', 403, 'answered', 'connection'),
  permission_denied: code(
    'Authenticated, but not allowed for this resource.',
    'customer',
    'never',
    403,
    'answered',
    'request',
  ),
  account_unavailable: code(
    'The account upstream is closed, unpaid, frozen or migrating.',
    'customer',
    'after_user_action',
    402,
    'answered',
    'connection',
  ),
  connection_unusable: code(
    'Refused locally: the state of the connection forbids calls.',
    'customer',
    'after_user_action',
    424,
    'not_sent',
    'connection',
  ),
  invalid_request: code('The request is not acceptable as it is.', 'caller', 'never', 400, 'answered', 'request'),
  not_found: code('The resource or the endpoint does not exist.', 'caller', 'never', 404, 'answered', 'request'),
  conflict: code(
    'The request conflicts with the state of the resource.',
    'caller',
    'never',
    409,
    'answered',
    'request',
  ),
  idempotency_conflict: code(
    'The idempotency key was used before with another body.',
    'caller',
    'never',
    409,
    'answered',
    'request',
  ),
  unsupported: code(
    'The method, media type, feature or version is not supported.',
    'caller',
    'never',
    501,
    'answered',
    'request',
  ),
  upstream_error: code('The API failed on its side.', 'upstream', 'after', 502, 'answered', 'provider'),
  upstream_unavailable: code(
    'The API is down, overloaded or in maintenance.',
    'upstream',
    'after',
    503,
    'answered',
    'provider',
  ),
  partial_failure: code('Some items of the request failed.', 'upstream', 'never', 207, 'answered', 'request'),
  schema_mismatch: code('The answer does not have the agreed shape.', 'upstream', 'never', 502, 'answered', 'provider'),
  signature_invalid: code('An incoming webhook failed verification.', 'caller', 'never', 401, 'answered', 'request'),
  timestamp_stale: code(
    'An incoming webhook is outside the time tolerance.',
    'caller',
    'never',
    401,
    'answered',
    'request',
  ),
  circuit_open: code('Refused locally: the circuit breaker is open.', 'upstream', 'after', 503, 'not_sent', 'provider'),
  overloaded: code(
    'Refused locally: a queue, bulkhead or retry budget is full.',
    'platform',
    'after',
    503,
    'not_sent',
    'integration',
  ),
  configuration_error: code(
    'A setting, secret or manifest is missing or wrong.',
    'platform',
    'never',
    500,
    'not_sent',
    'integration',
  ),
  internal_error: code('A defect in Holdfast.', 'platform', 'never', 500, 'unknown', 'request'),
  unknown: code('Nothing matched.', 'upstream', 'never', 502, 'unknown', 'request'),
}

function code(
  meaning: string,
  fault: Fault,
  retryable: Retryable,
  status: number,
  delivery: Delivery,
  scope: Scope,
): CodeDefaults {
  return { meaning, fault, retryable, delivery, scope, status }
}

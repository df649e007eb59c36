import type { LimitDialect } from './limit-dialect.ts'

/** A dialect that no provider owns. */
export type StandardDialectName =
  | 'status_only'
  | 'retry_after'
  | 'retry_after_float'
  | 'retry_after_date'
  | 'retry_after_ms'
  | 'ratelimit_triple'
  | 'x_ratelimit_triple'
  | 'ratelimit_draft_00'
  | 'ratelimit_draft_03'
  | 'ratelimit_draft_07'
  | 'ratelimit_draft_08'

const refused = { status: 429, body: { error: 'Too many requests.' } } as const

/** `Retry-After` (RFC 9110 section 10.2.3), and what became of draft-ietf-httpapi-ratelimit-headers. */
export const standardDialects: Readonly<Record<StandardDialectName, LimitDialect>> = {
  status_only: { refused },
  retry_after: { refused: { ...refused, headers: { 'retry-after': '{wait_s}' } } },
  retry_after_float: { refused: { ...refused, headers: { 'retry-after': '{wait_s_float}' } } },
  retry_after_date: { refused: { ...refused, headers: { 'retry-after': '{wait_http_date}' } } },
  retry_after_ms: { refused: { ...refused, headers: { 'retry-after-ms': '{wait_ms}' } } },
  // As most send it: without policies.
  ratelimit_triple: {
    told: {
      headers: {
        'ratelimit-limit': '{limit}',
        'ratelimit-remaining': '{remaining}',
        'ratelimit-reset': '{reset_s}',
      },
    },
    refused: { ...refused, headers: { 'retry-after': '{wait_s}' } },
  },
  x_ratelimit_triple: {
    told: {
      headers: {
        'x-ratelimit-limit': '{limit}',
        'x-ratelimit-remaining': '{remaining}',
        'x-ratelimit-reset': '{reset_s}',
      },
    },
    refused,
  },
  // 00 to 02
  ratelimit_draft_00: {
    told: {
      headers: {
        'ratelimit-limit': '{limit}, {limit};w={window_s}',
        'ratelimit-remaining': '{remaining}',
        'ratelimit-reset': '{reset_s}',
      },
    },
    refused: { ...refused, headers: { 'retry-after': '{wait_s}' } },
  },
  // 03 to 06
  ratelimit_draft_03: {
    told: {
      headers: {
        'ratelimit-limit': '{limit}',
        'ratelimit-policy': '{limit};w={window_s}',
        'ratelimit-remaining': '{remaining}',
        'ratelimit-reset': '{reset_s}',
      },
    },
    refused,
  },
  // 07 alone: a dictionary
  ratelimit_draft_07: {
    told: {
      headers: {
        ratelimit: 'limit={limit}, remaining={remaining}, reset={reset_s}',
        'ratelimit-policy': '{limit};w={window_s}',
      },
    },
    refused,
  },
  // 08 and later: lists of items, and a problem type
  ratelimit_draft_08: {
    told: {
      headers: {
        ratelimit: '"default";r={remaining};t={reset_s}',
        'ratelimit-policy': '"default";q={limit};w={window_s}',
      },
    },
    refused: {
      status: 429,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
        title: 'Request cannot be satisfied as assigned quota has been exceeded',
        'violated-policies': ['default'],
      },
    },
  },
}

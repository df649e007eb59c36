import type { LimitDialect } from './limit-dialect.ts'

/** A dialect of a provider. */
export type ProviderDialectName =
  | 'anthropic'
  | 'atlassian'
  | 'azure_api_management'
  | 'azure_openai'
  | 'cloudflare'
  | 'confluence_data_center'
  | 'discord'
  | 'github'
  | 'github_graphql'
  | 'github_secondary'
  | 'google'
  | 'google_daily'
  | 'hubspot'
  | 'hubspot_daily'
  | 'linear'
  | 'microsoft_graph'
  | 'notion'
  | 'openai'
  | 'openai_quota'
  | 'reddit'
  | 'salesforce'
  | 'shopify_graphql'
  | 'shopify_rest'
  | 'slack'
  | 'stripe'
  | 'x'
  | 'xero'
  | 'zendesk'

const waitSeconds = { 'retry-after': '{wait_s}' }

/** In the words of the providers' documentation. */
export const providerDialects: Readonly<Record<ProviderDialectName, LimitDialect>> = {
  anthropic: {
    told: {
      headers: {
        'anthropic-ratelimit-requests-limit': '{limit}',
        'anthropic-ratelimit-requests-remaining': '{remaining}',
        'anthropic-ratelimit-requests-reset': '{reset_iso}',
      },
    },
    refused: {
      status: 429,
      headers: waitSeconds,
      body: {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' },
      },
    },
  },
  // The reset comes with refusals only.
  atlassian: {
    told: { headers: { 'x-ratelimit-limit': '{limit}', 'x-ratelimit-remaining': '{remaining}' } },
    refused: {
      status: 429,
      headers: { ...waitSeconds, 'x-ratelimit-reset': '{reset_iso}', 'ratelimit-reason': 'jira-burst-based' },
      body: { errorMessages: ['Rate limit exceeded.'] },
    },
  },
  azure_api_management: {
    refused: {
      status: 403,
      headers: waitSeconds,
      body: { statusCode: 403, message: 'Out of call volume quota.' },
    },
  },
  azure_openai: {
    told: {
      headers: {
        'x-ratelimit-limit-requests': '{limit}',
        'x-ratelimit-remaining-requests': '{remaining}',
        'x-ratelimit-reset-requests': '{reset_s}',
      },
    },
    refused: {
      status: 429,
      headers: { ...waitSeconds, 'retry-after-ms': '{wait_ms}' },
      body: { error: { code: '429', message: 'Requests have exceeded the call rate limit.' } },
    },
  },
  cloudflare: {
    told: {
      headers: {
        ratelimit: '"default";r={remaining};t={reset_s}',
        'ratelimit-policy': '"default";q={limit};w={window_s}',
      },
    },
    refused: {
      status: 429,
      headers: waitSeconds,
      body: { success: false, errors: [{ code: 971, message: 'Please consider throttling your request speed' }] },
    },
  },
  confluence_data_center: {
    told: {
      headers: {
        'x-ratelimit-limit': '{limit}',
        'x-ratelimit-remaining': '{remaining}',
        'x-ratelimit-fillrate': '{limit}',
        'x-ratelimit-interval-seconds': '{window_s}',
      },
    },
    refused: { status: 429, headers: waitSeconds },
  },
  discord: {
    told: {
      headers: {
        'x-ratelimit-limit': '{limit}',
        'x-ratelimit-remaining': '{remaining}',
        'x-ratelimit-reset': '{reset_epoch_s_float}',
        'x-ratelimit-reset-after': '{reset_s_float}',
        'x-ratelimit-bucket': 'abcd1234',
      },
    },
    refused: {
      status: 429,
      headers: { ...waitSeconds, 'x-ratelimit-scope': 'user' },
      body: { message: 'You are being rate limited.', retry_after: '{wait_s_float}', global: false },
    },
  },
  // The primary limit; it may come as 429 as well.
  github: {
    told: {
      headers: {
        'x-ratelimit-limit': '{limit}',
        'x-ratelimit-remaining': '{remaining}',
        'x-ratelimit-used': '{used}',
        'x-ratelimit-reset': '{reset_epoch_s}',
        'x-ratelimit-resource': 'core',
      },
    },
    refused: { status: 403, body: { message: 'API rate limit exceeded for user ID 1.' } },
  },
  github_graphql: {
    told: {
      headers: {
        'x-ratelimit-limit': '{limit}',
        'x-ratelimit-remaining': '{remaining}',
        'x-ratelimit-used': '{used}',
        'x-ratelimit-reset': '{reset_epoch_s}',
        'x-ratelimit-resource': 'graphql',
      },
    },
    refused: {
      status: 200,
      body: { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded for user ID 1.' }] },
    },
  },
  github_secondary: {
    refused: {
      status: 403,
      headers: waitSeconds,
      body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
    },
  },
  google: {
    refused: {
      status: 403,
      body: {
        error: {
          code: 403,
          message: 'Rate Limit Exceeded',
          errors: [{ domain: 'usageLimits', reason: 'rateLimitExceeded', message: 'Rate Limit Exceeded' }],
        },
      },
    },
  },
  google_daily: {
    refused: {
      status: 403,
      body: {
        error: {
          code: 403,
          message: 'Daily Limit Exceeded',
          errors: [{ domain: 'usageLimits', reason: 'dailyLimitExceeded', message: 'Daily Limit Exceeded' }],
        },
      },
    },
  },
  // The window, but never its end.
  hubspot: {
    told: {
      headers: {
        'x-hubspot-ratelimit-max': '{limit}',
        'x-hubspot-ratelimit-remaining': '{remaining}',
        'x-hubspot-ratelimit-interval-milliseconds': '{window_ms}',
      },
    },
    refused: {
      status: 429,
      body: {
        status: 'error',
        message: 'You have reached your ten_secondly_rolling limit.',
        errorType: 'RATE_LIMIT',
        policyName: 'TEN_SECONDLY_ROLLING',
      },
    },
  },
  hubspot_daily: {
    told: {
      headers: { 'x-hubspot-ratelimit-daily': '{limit}', 'x-hubspot-ratelimit-daily-remaining': '{remaining}' },
    },
    refused: {
      status: 429,
      body: {
        status: 'error',
        message: 'You have reached your daily limit.',
        errorType: 'RATE_LIMIT',
        policyName: 'DAILY',
      },
    },
  },
  linear: {
    told: {
      headers: {
        'x-ratelimit-requests-limit': '{limit}',
        'x-ratelimit-requests-remaining': '{remaining}',
        'x-ratelimit-requests-reset': '{reset_epoch_ms}',
      },
    },
    refused: {
      status: 400,
      body: { errors: [{ message: 'Rate limit exceeded', extensions: { code: 'RATELIMITED' } }] },
    },
  },
  microsoft_graph: {
    refused: {
      status: 429,
      headers: waitSeconds,
      body: { error: { code: 'TooManyRequests', message: 'Too many requests.' } },
    },
  },
  notion: {
    refused: {
      status: 429,
      headers: waitSeconds,
      body: { object: 'error', status: 429, code: 'rate_limited', message: 'You have been rate limited.' },
    },
  },
  // The reset is when everything is back, which is what a `token_bucket` tells.
  openai: {
    told: {
      headers: {
        'x-ratelimit-limit-requests': '{limit}',
        'x-ratelimit-remaining-requests': '{remaining}',
        'x-ratelimit-reset-requests': '{reset_go}',
      },
    },
    refused: {
      status: 429,
      headers: { ...waitSeconds, 'retry-after-ms': '{wait_ms}', 'x-should-retry': 'true' },
      body: { error: { message: 'Rate limit reached.', type: 'requests', code: 'rate_limit_exceeded' } },
    },
  },
  openai_quota: {
    refused: {
      status: 429,
      headers: { 'x-should-retry': 'false' },
      body: {
        error: {
          message: 'You exceeded your current quota.',
          type: 'insufficient_quota',
          code: 'insufficient_quota',
        },
      },
    },
  },
  reddit: {
    told: {
      headers: {
        'x-ratelimit-used': '{used}',
        'x-ratelimit-remaining': '{remaining}.0',
        'x-ratelimit-reset': '{reset_s}',
      },
    },
    refused: { status: 429, body: { message: 'Too Many Requests', error: 429 } },
  },
  // Of the last 24 hours; nothing says when there is more.
  salesforce: {
    told: { headers: { 'sforce-limit-info': 'api-usage={used}/{limit}' } },
    refused: {
      status: 403,
      body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
    },
  },
  // For a `token_bucket` with `costOf`.
  shopify_graphql: {
    told: {
      body: {
        extensions: {
          cost: {
            requestedQueryCost: '{cost}',
            actualQueryCost: '{cost}',
            throttleStatus: {
              maximumAvailable: '{limit}',
              currentlyAvailable: '{remaining}',
              restoreRate: '{restore_per_second}',
            },
          },
        },
      },
    },
    refused: { status: 200, body: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] } },
  },
  // For a `token_bucket`.
  shopify_rest: {
    told: { headers: { 'x-shopify-shop-api-call-limit': '{used}/{limit}' } },
    refused: {
      status: 429,
      headers: { 'retry-after': '{wait_s_float}' },
      body: { errors: 'Exceeded 2 calls per second for api client.' },
    },
  },
  slack: { refused: { status: 429, headers: waitSeconds, body: { ok: false, error: 'ratelimited' } } },
  stripe: {
    refused: {
      status: 429,
      headers: { 'stripe-rate-limited-reason': 'global-rate' },
      body: { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' } },
    },
  },
  x: {
    told: {
      headers: {
        'x-rate-limit-limit': '{limit}',
        'x-rate-limit-remaining': '{remaining}',
        'x-rate-limit-reset': '{reset_epoch_s}',
      },
    },
    refused: { status: 429, body: { title: 'Too Many Requests', detail: 'Too Many Requests', status: 429 } },
  },
  xero: {
    told: { headers: { 'x-minlimit-remaining': '{remaining}' } },
    refused: { status: 429, headers: { ...waitSeconds, 'x-rate-limit-problem': 'minute' } },
  },
  zendesk: {
    told: {
      headers: {
        'x-rate-limit': '{limit}',
        'x-rate-limit-remaining': '{remaining}',
        'ratelimit-limit': '{limit}',
        'ratelimit-remaining': '{remaining}',
        'ratelimit-reset': '{reset_s}',
      },
    },
    refused: {
      status: 429,
      headers: waitSeconds,
      body: { error: 'APIRateLimitExceeded', description: 'Number of allowed API requests per minute exceeded' },
    },
  },
}

import { date, inSeconds, type LimitCase } from './limit-case.ts'

const shopifyCost = (available: number) => ({
  cost: {
    requestedQueryCost: 202,
    throttleStatus: { maximumAvailable: 1_000, currentlyAvailable: available, restoreRate: 50 },
  },
})
const zendeskHeaders = { 'x-rate-limit': '700', 'ratelimit-reset': '41' }
const xeroHeaders = { 'x-daylimit-remaining': '4999', 'x-minlimit-remaining': '59', 'x-appminlimit-remaining': '9999' }
const openaiError = (code: string, type: string) => ({ error: { message: 'Refused.', type, param: null, code } })

export const linearToZendesk: readonly LimitCase[] = [
  {
    provider: 'linear',
    title: 'requests, in a 400',
    url: 'https://api.linear.app/graphql',
    exhausted: {
      status: 400,
      headers: {
        date,
        'x-ratelimit-requests-limit': '1500',
        'x-ratelimit-requests-remaining': '0',
        'x-ratelimit-requests-reset': `${inSeconds(3_600)}000`,
      },
      body: { errors: [{ message: 'Rate limit exceeded', extensions: { code: 'RATELIMITED' } }] },
    },
    code: 'rate_limited',
    waitMs: 2_400,
    success: {
      headers: { 'x-ratelimit-requests-limit': '1500', 'x-ratelimit-requests-remaining': '1499' },
      body: { data: {} },
    },
    tells: { limit: 1_500, remaining: 1_499 },
  },
  {
    provider: 'microsoft-graph',
    title: 'throttling',
    url: 'https://graph.microsoft.com/v1.0/me',
    exhausted: {
      status: 429,
      headers: { 'retry-after': '41' },
      body: { error: { code: 'activityLimitReached', message: 'The request has been throttled' } },
    },
    code: 'rate_limited',
    waitMs: 41_000,
  },
  {
    provider: 'notion',
    title: 'requests',
    url: 'https://api.notion.com/v1/pages/1',
    exhausted: {
      status: 429,
      headers: { 'retry-after': '9' },
      body: {
        object: 'error',
        status: 429,
        code: 'rate_limited',
        additional_data: { rate_limit_reason: 'workspace' },
      },
    },
    code: 'rate_limited',
    waitMs: 9_000,
  },
  {
    provider: 'openai',
    title: 'requests, of which the next comes long before all are back',
    url: 'https://api.openai.com/v1/responses',
    exhausted: {
      status: 429,
      headers: {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1m0s',
      },
      body: openaiError('rate_limit_exceeded', 'requests'),
    },
    code: 'rate_limited',
    waitMs: 1_000,
    success: {
      headers: {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '59',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-limit-tokens': '150000',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '6ms',
      },
    },
    tells: { limit: 60, remaining: 59 },
  },
  {
    provider: 'openai',
    title: 'the credit',
    url: 'https://api.openai.com/v1/responses',
    exhausted: {
      status: 429,
      headers: { 'x-ratelimit-remaining-requests': '59' },
      body: openaiError('credit_balance_exhausted', 'insufficient_quota'),
    },
    code: 'quota_exhausted',
    reason: 'credit',
    waitMs: 'never',
  },
  {
    provider: 'reddit',
    title: 'requests, told with a fraction',
    url: 'https://oauth.reddit.com/api/v1/me',
    exhausted: {
      status: 429,
      headers: { 'x-ratelimit-used': '100', 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '21' },
    },
    code: 'rate_limited',
    waitMs: 21_000,
    success: {
      headers: { 'x-ratelimit-used': '2', 'x-ratelimit-remaining': '98.0', 'x-ratelimit-reset': '540' },
    },
    tells: { remaining: 98, resetMs: 540_000 },
  },
  {
    provider: 'salesforce',
    title: 'the requests of 24 hours, which is a 403',
    url: 'https://acme.my.salesforce.com/services/data/v64.0/query',
    exhausted: {
      status: 403,
      headers: { 'sforce-limit-info': 'api-usage=5000/5000' },
      body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
    },
    code: 'quota_exhausted',
    reason: 'daily',
    waitMs: 'never',
    success: { headers: { 'sforce-limit-info': 'api-usage=18/5000' } },
    tells: { limit: 5_000, remaining: 4_982 },
  },
  {
    provider: 'shopify',
    title: 'the leaky bucket of REST',
    url: 'https://acme.myshopify.com/admin/api/2026-01/orders.json',
    exhausted: { status: 429, headers: { 'x-shopify-shop-api-call-limit': '40/40', 'retry-after': '2.0' } },
    code: 'rate_limited',
    waitMs: 2_000,
    success: { headers: { 'x-shopify-shop-api-call-limit': '32/40' } },
    tells: { limit: 40, remaining: 8 },
  },
  {
    provider: 'shopify',
    title: 'the cost of a query, in a 200',
    url: 'https://acme.myshopify.com/admin/api/2026-01/graphql.json',
    exhausted: {
      status: 200,
      body: {
        errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
        extensions: shopifyCost(118),
      },
    },
    code: 'rate_limited',
    reason: 'cost',
    waitMs: 1_680,
    success: { body: { data: {}, extensions: shopifyCost(798) } },
  },
  {
    provider: 'slack',
    title: 'a method',
    url: 'https://slack.com/api/conversations.list',
    exhausted: { status: 429, headers: { 'retry-after': '30' }, body: { ok: false, error: 'ratelimited' } },
    code: 'rate_limited',
    waitMs: 30_000,
    success: { body: { ok: true } },
  },
  {
    provider: 'stripe',
    title: 'requests, without a time',
    url: 'https://api.stripe.com/v1/charges',
    exhausted: {
      status: 429,
      headers: { 'stripe-rate-limited-reason': 'global-rate' },
      body: { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests.' } },
    },
    code: 'rate_limited',
    waitMs: 1_000,
  },
  {
    provider: 'x',
    title: 'the window of an endpoint',
    url: 'https://api.x.com/2/users/1/tweets',
    exhausted: {
      status: 429,
      headers: {
        date,
        'x-rate-limit-limit': '900',
        'x-rate-limit-remaining': '0',
        'x-rate-limit-reset': inSeconds(60),
      },
      body: { errors: [{ code: 88, message: 'Rate limit exceeded' }] },
    },
    code: 'rate_limited',
    waitMs: 60_000,
    success: {
      headers: {
        date,
        'x-rate-limit-limit': '900',
        'x-rate-limit-remaining': '847',
        'x-rate-limit-reset': inSeconds(60),
      },
    },
    tells: { limit: 900, remaining: 847, resetMs: 60_000 },
  },
  {
    provider: 'x',
    title: 'the cap of the month',
    url: 'https://api.x.com/2/tweets',
    exhausted: {
      status: 429,
      body: { title: 'UsageCapExceeded', type: 'https://api.twitter.com/2/problems/usage-capped' },
    },
    code: 'quota_exhausted',
    reason: 'usage_cap',
    waitMs: 'never',
  },
  {
    provider: 'xero',
    title: 'the calls of a minute',
    url: 'https://api.xero.com/api.xro/2.0/Invoices',
    exhausted: {
      status: 429,
      headers: {
        ...xeroHeaders,
        'x-minlimit-remaining': '0',
        'x-rate-limit-problem': 'minute',
        'retry-after': '31',
      },
    },
    code: 'rate_limited',
    reason: 'minute',
    waitMs: 31_000,
    success: { headers: xeroHeaders },
    tells: { limit: 60, remaining: 59 },
  },
  {
    provider: 'xero',
    title: 'the calls of the day',
    url: 'https://api.xero.com/api.xro/2.0/Invoices',
    exhausted: {
      status: 429,
      headers: {
        ...xeroHeaders,
        'x-daylimit-remaining': '0',
        'x-rate-limit-problem': 'day',
        'retry-after': '300',
      },
    },
    code: 'quota_exhausted',
    reason: 'day',
    waitMs: 'never',
  },
  {
    provider: 'zendesk',
    title: 'an endpoint, while the account has plenty',
    url: 'https://acme.zendesk.com/api/v2/tickets',
    exhausted: {
      status: 429,
      headers: {
        ...zendeskHeaders,
        'x-rate-limit-remaining': '699',
        'retry-after': '41',
        'zendesk-ratelimit-tickets-index': 'total=100; remaining=0; resets=41',
      },
    },
    code: 'rate_limited',
    waitMs: 41_000,
    success: { headers: { ...zendeskHeaders, 'x-rate-limit-remaining': '699' } },
    tells: { limit: 700, remaining: 699, resetMs: 41_000 },
  },
]

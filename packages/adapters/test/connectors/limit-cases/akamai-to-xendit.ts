import { date, type LimitCase } from './limit-case.ts'

const akamai = (remaining: string) => ({ date, 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': remaining })
const dataCenter = (remaining: string, wait: string) => ({
  'x-ratelimit-limit': '1000',
  'x-ratelimit-remaining': remaining,
  'x-ratelimit-interval-seconds': '60',
  'x-ratelimit-fillrate': '10',
  'retry-after': wait,
})
const azureOpenAi = (tokens: string, reset: string) => ({
  'x-ratelimit-limit-requests': '60',
  'x-ratelimit-remaining-requests': '59',
  'x-ratelimit-limit-tokens': '150000',
  'x-ratelimit-remaining-tokens': tokens,
  'x-ratelimit-reset-tokens': reset,
})
const brevo = (remaining: string, reset: string) => ({
  'x-sib-ratelimit-limit': '1000',
  'x-sib-ratelimit-remaining': remaining,
  'x-sib-ratelimit-reset': reset,
})
const mailerLite = (remaining: string) => ({ 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': remaining })
const prisjakt = (remaining: string) => ({
  'x-rate-limit-limit': '10000',
  'x-rate-limit-remaining': remaining,
  'x-rate-limit-reset': '120000',
})
const whoop = (remaining: string, reset: string, limit = '100') => ({
  'x-ratelimit-limit': `${limit}, 100;window=60, 10000;window=86400`,
  'x-ratelimit-remaining': remaining,
  'x-ratelimit-reset': reset,
})
const xendit = (remaining: string, reset: string) => ({
  'rate-limit-limit': '600',
  'rate-limit-remaining': remaining,
  'rate-limit-reset': reset,
})

export const akamaiToXendit: readonly LimitCase[] = [
  {
    provider: 'akamai',
    title: 'an API, whose next call has a moment',
    url: 'https://akab-1.luna.akamaiapis.net/storage/v1/storage-groups',
    exhausted: { status: 429, headers: { ...akamai('0'), 'x-ratelimit-next': '2025-11-24T16:00:12.000Z' } },
    code: 'rate_limited',
    waitMs: 12_000,
    success: { headers: akamai('49') },
    tells: { limit: 50, remaining: 49 },
  },
  {
    provider: 'atlassian-data-center',
    title: 'the tokens of a user',
    url: 'https://jira.acme.example/rest/api/2/myself',
    exhausted: { status: 429, headers: dataCenter('0', '43') },
    code: 'rate_limited',
    waitMs: 43_000,
    success: { headers: dataCenter('7', '0') },
    tells: { limit: 1_000, remaining: 7, resetMs: 0 },
  },
  {
    provider: 'azure-api-management',
    title: 'a rate',
    url: 'https://acme.azure-api.net/orders',
    exhausted: { status: 429, headers: { 'retry-after': '60' }, body: { statusCode: 429, message: 'Refused.' } },
    code: 'rate_limited',
    waitMs: 60_000,
  },
  {
    provider: 'azure-api-management',
    title: 'a quota that is back soon, which is a 403',
    url: 'https://acme.azure-api.net/orders',
    exhausted: { status: 403, headers: { 'retry-after': '300' } },
    code: 'rate_limited',
    reason: 'quota',
    waitMs: 300_000,
  },
  {
    provider: 'azure-api-management',
    title: 'a quota that is back tomorrow',
    url: 'https://acme.azure-api.net/orders',
    exhausted: { status: 403, headers: { 'retry-after': '80000' } },
    code: 'quota_exhausted',
    reason: 'quota',
    waitMs: 'never',
  },
  {
    provider: 'azure-openai',
    title: 'the tokens of a deployment, with a wait in milliseconds',
    url: 'https://acme.openai.azure.com/openai/deployments/gpt/chat/completions',
    exhausted: { status: 429, headers: { ...azureOpenAi('0', '12'), 'retry-after': '12', 'retry-after-ms': '11800' } },
    code: 'rate_limited',
    waitMs: 11_800,
    success: { headers: azureOpenAi('15000', '30') },
    tells: { limit: 150_000, remaining: 15_000, resetMs: 30_000 },
  },
  {
    provider: 'brevo',
    title: 'an endpoint, without a Retry-After',
    url: 'https://api.brevo.com/v3/contacts',
    exhausted: { status: 429, headers: brevo('0', '45') },
    code: 'rate_limited',
    waitMs: 45_000,
    success: { headers: brevo('750', '45') },
    tells: { limit: 1_000, remaining: 750, resetMs: 45_000 },
  },
  {
    provider: 'brevo',
    title: 'an endpoint with an hour',
    url: 'https://api.brevo.com/v3/account',
    exhausted: { status: 429, headers: brevo('0', '3600') },
    code: 'quota_exhausted',
    waitMs: 'never',
  },
  {
    provider: 'mailerlite',
    title: 'the calls of a minute',
    url: 'https://connect.mailerlite.com/api/subscribers',
    exhausted: { status: 429, headers: { ...mailerLite('0'), 'retry-after': '59' } },
    code: 'rate_limited',
    waitMs: 59_000,
    success: { headers: mailerLite('110') },
    tells: { limit: 120, remaining: 110 },
  },
  {
    provider: 'prisjakt',
    title: 'the calls of an hour, in milliseconds',
    url: 'https://prisjakt.example/partner-search/suggestions',
    exhausted: { status: 429, headers: prisjakt('0') },
    code: 'rate_limited',
    waitMs: 120_000,
    success: { headers: prisjakt('9999') },
    tells: { limit: 10_000, remaining: 9_999, resetMs: 120_000 },
  },
  {
    provider: 'whoop',
    title: 'the requests of a minute',
    url: 'https://api.prod.whoop.com/developer/v2/recovery',
    exhausted: { status: 429, headers: whoop('0', '20') },
    code: 'rate_limited',
    waitMs: 20_000,
    success: { headers: whoop('98', '3') },
    tells: { limit: 100, remaining: 98, resetMs: 3_000 },
  },
  {
    provider: 'whoop',
    title: 'the requests of a day',
    url: 'https://api.prod.whoop.com/developer/v2/recovery',
    exhausted: { status: 429, headers: whoop('0', '40000', '10000') },
    code: 'quota_exhausted',
    waitMs: 'never',
  },
  {
    provider: 'xendit',
    title: 'an endpoint, in fractions of a second',
    url: 'https://api.xendit.co/v2/invoices',
    exhausted: { status: 429, headers: xendit('0', '2.5'), body: { error_code: 'RATE_LIMIT_EXCEEDED' } },
    code: 'rate_limited',
    waitMs: 2_500,
    success: { headers: xendit('583', '58.37') },
    tells: { limit: 600, remaining: 583, resetMs: 58_370 },
  },
]

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLimitHeaders } from '../../src/limit-reading/read-headers.ts'
import { headerValue } from './header-values.ts'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0)
const SECONDS = NOW / 1000

const read = (headers: Record<string, string>) =>
  readLimitHeaders(new Headers(headers), NOW).map(({ source: _source, ...reading }) => reading)

describe('readLimitHeaders', () => {
  it.each<[string, Record<string, string>, object[]]>([
    [
      'the triple of the drafts',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' },
      [{ policy: 'default', limit: 100, remaining: 7, resetMs: 30_000 }],
    ],
    [
      'the limit with policies behind it, drafts 00 to 02',
      { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '3', 'ratelimit-reset': '1' },
      [{ policy: 'default', limit: 10, remaining: 3, resetMs: 1_000, windowMs: 1_000 }],
    ],
    [
      'the triple with RateLimit-Policy, drafts 03 to 06',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '50', 'ratelimit-reset': '5', 'ratelimit-policy': '100;w=60' },
      [{ policy: 'default', limit: 100, windowMs: 60_000, remaining: 50, resetMs: 5_000 }],
    ],
    [
      'the dictionary of draft 07',
      { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '100;w=60' },
      [{ policy: 'default', limit: 100, remaining: 50, resetMs: 5_000, windowMs: 60_000 }],
    ],
    [
      'several bare quotas, of which the triple tells of one',
      {
        'ratelimit-limit': '10',
        'ratelimit-remaining': '3',
        'ratelimit-reset': '1',
        'ratelimit-policy': '10;w=1, 50;w=60, 10;w=3600',
      },
      [
        { policy: 'default', limit: 10, windowMs: 1_000, remaining: 3, resetMs: 1_000 },
        { policy: '50/60000', limit: 50, windowMs: 60_000 },
        { policy: '10/3600000', limit: 10, windowMs: 3_600_000 },
      ],
    ],
    [
      'the triple of a limit that is not the first of several bare quotas',
      {
        'ratelimit-limit': '100',
        'ratelimit-remaining': '50',
        'ratelimit-reset': '5',
        'ratelimit-policy': '10;w=1, 100;w=60',
      },
      [
        { policy: '10/1000', limit: 10, windowMs: 1_000 },
        { policy: 'default', limit: 100, windowMs: 60_000, remaining: 50, resetMs: 5_000 },
      ],
    ],
    [
      'the triple of a limit that none of several bare quotas is',
      { 'ratelimit-limit': '7', 'ratelimit-remaining': '5', 'ratelimit-policy': '10;w=1, 100;w=60' },
      [
        { policy: '10/1000', limit: 10, windowMs: 1_000 },
        { policy: '100/60000', limit: 100, windowMs: 60_000 },
        { policy: 'default', limit: 7, remaining: 5 },
      ],
    ],
    [
      'the triple of a named policy, which keeps its name',
      {
        ratelimit: '"default";r=50;t=30',
        'ratelimit-policy': '"burst";q=100;w=60,"default";q=1000;w=3600',
        'ratelimit-limit': '100',
        'ratelimit-remaining': '7',
        'ratelimit-reset': '9',
      },
      [
        { policy: 'default', remaining: 50, resetMs: 30_000, limit: 1_000, windowMs: 3_600_000 },
        { policy: 'burst', limit: 100, windowMs: 60_000, remaining: 7, resetMs: 9_000 },
      ],
    ],
    [
      'the dictionary of draft 07 with several policies',
      { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '10;w=1, 100;w=60, 100;w=3600' },
      [
        { policy: 'default', limit: 100, remaining: 50, resetMs: 5_000, windowMs: 60_000 },
        { policy: '10/1000', limit: 10, windowMs: 1_000 },
        { policy: '100/3600000', limit: 100, windowMs: 3_600_000 },
      ],
    ],
    [
      'the items since draft 08',
      { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"burst";q=100;w=60,"default";q=1000;w=3600' },
      [
        { policy: 'default', remaining: 50, resetMs: 30_000, limit: 1_000, windowMs: 3_600_000 },
        { policy: 'burst', limit: 100, windowMs: 60_000 },
      ],
    ],
    [
      'policies named by tokens, their units and the partition with the least left',
      {
        ratelimit: 'tok;r=50;t=30;pk=:YQ==:, tok;r=4;t=9;pk=:Yg==:',
        'ratelimit-policy': 'tok;q=9000;w=60;qu="content-bytes"',
      },
      [{ policy: 'tok', remaining: 4, resetMs: 9_000, limit: 9_000, windowMs: 60_000, unit: 'content-bytes' }],
    ],
    [
      'structured fields and the triple once, when both are sent',
      { ratelimit: '"a";r=5;t=3', 'ratelimit-remaining': '5', 'ratelimit-reset': '3', 'ratelimit-limit': '9' },
      [{ policy: 'a', remaining: 5, resetMs: 3_000, limit: 9 }],
    ],
    [
      'GitHub: epoch seconds',
      {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-used': '1',
        'x-ratelimit-reset': String(SECONDS + 90),
        'x-ratelimit-resource': 'core',
      },
      [{ policy: 'default', limit: 5_000, remaining: 4_999, resetMs: 90_000 }],
    ],
    [
      'X: the other spelling',
      { 'x-rate-limit-limit': '900', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(SECONDS + 60) },
      [{ policy: 'default', limit: 900, remaining: 0, resetMs: 60_000 }],
    ],
    [
      'Discord: reset-after with a fraction',
      {
        'x-ratelimit-limit': '5',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset-after': '1.25',
        'x-ratelimit-bucket': 'abcd1234',
      },
      [{ policy: 'default', limit: 5, remaining: 0, resetMs: 1_250 }],
    ],
    [
      'Reddit: a remaining with a fraction, no limit',
      { 'x-ratelimit-used': '2', 'x-ratelimit-remaining': '98.0', 'x-ratelimit-reset': '540' },
      [{ policy: 'default', remaining: 98, resetMs: 540_000 }],
    ],
    [
      'OpenAI: Go durations, several limits at once',
      {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '59',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-limit-tokens': '150000',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '6m0s',
      },
      [
        { policy: 'requests', limit: 60, remaining: 59, resetMs: 1_000 },
        { policy: 'tokens', limit: 150_000, remaining: 149_984, resetMs: 360_000, unit: 'tokens' },
      ],
    ],
    [
      'Anthropic: RFC 3339',
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-01-31T12:00:07Z',
      },
      [{ policy: 'anthropic-requests', limit: 50, remaining: 49, resetMs: 7_000 }],
    ],
    [
      'Linear: epoch milliseconds',
      {
        'x-ratelimit-requests-limit': '1500',
        'x-ratelimit-requests-remaining': '0',
        'x-ratelimit-requests-reset': String(NOW + 2_500),
      },
      [{ policy: 'requests', limit: 1_500, remaining: 0, resetMs: 2_500 }],
    ],
    [
      'HubSpot: windows by name',
      {
        'x-hubspot-ratelimit-max': '100',
        'x-hubspot-ratelimit-remaining': '99',
        'x-hubspot-ratelimit-interval-milliseconds': '10000',
        'x-hubspot-ratelimit-daily': '250000',
        'x-hubspot-ratelimit-daily-remaining': '249000',
      },
      [
        { policy: 'hubspot-daily', limit: 250_000, windowMs: 86_400_000, remaining: 249_000 },
        { policy: 'hubspot', windowMs: 10_000, limit: 100, remaining: 99 },
      ],
    ],
    [
      'Zendesk: pairs in one value',
      { 'x-rate-limit': '700', 'zendesk-ratelimit-tickets-index': 'total=100; remaining=0; resets=41' },
      [
        { policy: 'default', limit: 700 },
        { policy: 'zendesk-tickets-index', limit: 100, remaining: 0, resetMs: 41_000 },
      ],
    ],
    [
      'Confluence: a window in seconds',
      { 'x-ratelimit-limit': '100', 'x-ratelimit-interval-seconds': '60', 'x-ratelimit-fillrate': '10' },
      [{ policy: 'default', limit: 100, windowMs: 60_000 }],
    ],
    [
      'lemlist: the text of a JavaScript Date',
      { 'x-ratelimit-reset': 'Sat Jan 31 2026 12:00:02 GMT+0000 (Coordinated Universal Time)' },
      [{ policy: 'default', resetMs: 2_000 }],
    ],
    [
      'WHOOP: windows behind the limit, in words',
      {
        'x-ratelimit-limit': '100, 100;window=60, 10000;window=86400',
        'x-ratelimit-remaining': '98',
        'x-ratelimit-reset': '3',
      },
      [{ policy: 'default', limit: 100, remaining: 98, resetMs: 3_000, windowMs: 60_000 }],
    ],
    [
      'Xendit: seconds with a fraction, without x-',
      { 'rate-limit-limit': '600', 'rate-limit-remaining': '583', 'rate-limit-reset': '58.37' },
      [{ policy: 'default', limit: 600, remaining: 583, resetMs: 58_370 }],
    ],
    [
      'Brevo: a prefix of its own',
      { 'x-sib-ratelimit-limit': '100', 'x-sib-ratelimit-remaining': '0', 'x-sib-ratelimit-reset': '42' },
      [{ policy: 'sib', limit: 100, remaining: 0, resetMs: 42_000 }],
    ],
    [
      'Akamai: the time of the next request',
      {
        'x-ratelimit-limit': '50',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-next': '2026-01-31T12:00:03.812Z',
      },
      [{ policy: 'default', limit: 50, remaining: 0, resetMs: 3_812 }],
    ],
    [
      'Smartsheet and Intercom: epoch seconds',
      { 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(SECONDS + 10) },
      [{ policy: 'default', limit: 120, remaining: 0, resetMs: 10_000 }],
    ],
    [
      'Perforce: seconds from now under the same name',
      { 'x-ratelimit-limit': '30', 'x-ratelimit-remaining': '25', 'x-ratelimit-reset': '17' },
      [{ policy: 'default', limit: 30, remaining: 25, resetMs: 17_000 }],
    ],
    [
      'Docker Hub: the window at both',
      { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
      [{ policy: 'default', limit: 100, remaining: 76, windowMs: 21_600_000 }],
    ],
    [
      'Kong: the window in the name',
      {
        'x-ratelimit-limit-minute': '10',
        'x-ratelimit-remaining-minute': '4',
        'x-ratelimit-limit-hour': '500',
        'x-ratelimit-remaining-hour': '321',
      },
      [
        { policy: 'hour', limit: 500, remaining: 321, windowMs: 3_600_000 },
        { policy: 'minute', limit: 10, remaining: 4, windowMs: 60_000 },
      ],
    ],
    [
      'GitLab: beside the triple, how much was seen, and the reset as a date',
      {
        'ratelimit-limit': '2000',
        'ratelimit-observed': '243',
        'ratelimit-remaining': '1757',
        'ratelimit-reset': String(SECONDS + 50),
        'ratelimit-resettime': 'Sat, 31 Jan 2026 12:00:50 GMT',
        'ratelimit-name': 'throttle_authenticated_api',
      },
      [{ policy: 'default', limit: 2_000, remaining: 1_757, resetMs: 50_000 }],
    ],
    [
      'Azure OpenAI: less than nothing left is not a number of requests',
      {
        'x-ratelimit-remaining-requests': '-1',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '5',
      },
      [{ policy: 'tokens', remaining: 0, resetMs: 5_000, unit: 'tokens' }],
    ],
    [
      'Jira: what is announced as beta binds nobody',
      {
        'x-beta-ratelimit-limit': '65000',
        'x-beta-ratelimit-remaining': '0',
        'x-beta-ratelimit-reset': '2026-01-31T13:00:00Z',
        'beta-ratelimit': '"global-app-quota";r=0;t=50',
        'x-ratelimit-limit': '350',
      },
      [{ policy: 'default', limit: 350 }],
    ],
    [
      'MailerLite: a Retry-After of its own',
      { 'x-ratelimit-retry-after': '3' },
      [{ policy: 'default', resetMs: 3_000 }],
    ],
  ])('reads %s', (_, headers, expected) => {
    const readings = read(headers)
    expect(readings).toHaveLength(expected.length)
    expect(readings).toEqual(expect.arrayContaining(expected))
  })

  it('measures moments against the date header, so that a wrong clock does not matter', () => {
    const headers = { date: 'Sat, 31 Jan 2026 14:00:00 GMT', 'x-ratelimit-reset': String(SECONDS + 7_200 + 30) }
    expect(read(headers)).toEqual([{ policy: 'default', resetMs: 30_000 }])
  })

  it('says where it was read', () => {
    expect(readLimitHeaders(new Headers({ 'x-ratelimit-remaining': '1' }), NOW)[0]?.source).toBe(
      'x-ratelimit-remaining',
    )
    expect(readLimitHeaders(new Headers({ ratelimit: 'a;r=1' }), NOW)[0]?.source).toBe('ratelimit')
  })

  it.each<Record<string, string>>([
    {},
    { 'ratelimit-limit': 'many' },
    { 'x-ratelimit-remaining': '-1' },
    { 'x-ratelimit-nearlimit': 'true' },
    { 'x-ratelimit-scope': 'user' },
    { 'ratelimit-policy': '"unclosed;q=1' },
    { ratelimit: '"a";r=oops' },
    { 'x-ratelimit-reset': String(NOW + 32 * 86_400_000) },
    { 'x-ratelimit-remaining': '1', age: '12' },
    { 'x-ratelimit-remaining': `1${' '.repeat(1_000)}`.concat('x') },
    { 'x-ratelimit-constructor': '5' },
  ])('finds nothing in %o', (headers) => {
    expect(read(headers)).toEqual([])
  })

  it('gives at most 16 readings', () => {
    const headers = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-ratelimit-remaining-${n}`, '1']))
    expect(read(headers)).toHaveLength(16)
  })

  it('gives finite, non-negative numbers for any bytes', () => {
    const word = fc.constantFrom(
      'limit',
      'remaining',
      'reset',
      'used',
      'policy',
      'daily',
      'tokens',
      '__proto__',
      'reset-after',
    )
    const name = fc
      .tuple(
        fc.constantFrom('', 'x-', 'acme-'),
        fc.constantFrom('ratelimit', 'rate-limit'),
        fc.array(word, { maxLength: 3 }),
      )
      .map(([prefix, core, words]) => [prefix + core, ...words].join('-'))
    const value = fc.oneof(
      headerValue,
      fc.nat().map(String),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom(
        '"a";r=1;t=2',
        'a;q=9;w=1',
        'limit=1, remaining=0, reset=9',
        '10, 10;w=1',
        '(a b);r=1',
        ':YQ==:;r=2',
      ),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.integer({ min: 0, max: 4e12 }),
        (fields, now) => {
          const headers = new Headers()
          for (const [field, text] of fields) headers.append(field, text)
          for (const { limit, remaining, resetMs, windowMs, policy } of readLimitHeaders(headers, now)) {
            for (const number of [limit, remaining, resetMs, windowMs])
              expect(number === undefined || (Number.isFinite(number) && number >= 0)).toBe(true)
            expect(typeof policy).toBe('string')
            expect([limit, remaining, resetMs].some((number) => number !== undefined)).toBe(true)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

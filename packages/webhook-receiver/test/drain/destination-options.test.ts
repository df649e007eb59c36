import { readFileSync } from 'node:fs'
import { defaultPaceOptions } from '../../src/drain/adaptive-pace.ts'
import { defaultBreakerOptions } from '../../src/drain/breaker.ts'
import { defaultFailoverOptions } from '../../src/drain/failover.ts'
import { describe, expect, test } from 'vitest'
import { defaultDestinationOptions, resolveDestination } from '../../src/drain/destination-options.ts'

const handle = (): void => {}
const at = 'destinations.orders'

describe('resolveDestination', () => {
  test('fills in the defaults', () => {
    expect(resolveDestination(at, { handle })).toMatchObject({
      ...defaultDestinationOptions,
      target: { handle },
      orderingKey: undefined,
      concurrency: 1,
    })
  })

  test('runs 8 keys at once when there is an ordering key', () => {
    expect(resolveDestination(at, { handle, orderingKey: () => 'a' }).concurrency).toBe(8)
  })

  test('keeps what is given, and cannot be changed afterwards', () => {
    const given = { concurrency: 3, ratePerSecond: 0.5, timeoutMs: 1, maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0 }
    const resolved = resolveDestination(at, { handle, ...given })
    expect(resolved).toMatchObject(given)
    expect(Object.isFrozen(resolved)).toBe(true)
  })

  test('raises the longest wait to a base delay that is above its default', () => {
    expect(resolveDestination(at, { handle, baseDelayMs: 90_000 }).maxDelayMs).toBe(90_000)
  })

  test.each([
    [{}, 'Expected `destinations.orders.handle` to be a function, or `url` a URL, got `undefined`.'],
    [{ handle: 'x' }, 'Expected `destinations.orders.handle` to be a function, got `"x"` (string).'],
    [{ handle, concurrency: 0 }, '`destinations.orders.concurrency` to be an integer from 1 to 10000, got `0`'],
    [{ handle, ratePerSecond: 0 }, '`destinations.orders.ratePerSecond`'],
    [{ handle, timeoutMs: 0 }, '`destinations.orders.timeoutMs`'],
    [{ handle, maxAttempts: 1.5 }, '`destinations.orders.maxAttempts`'],
    [{ handle, baseDelayMs: -1 }, '`destinations.orders.baseDelayMs`'],
    [{ handle, maxDelayMs: Infinity }, '`destinations.orders.maxDelayMs`'],
    [{ handle, baseDelayMs: 10, maxDelayMs: 5 }, '`destinations.orders.maxDelayMs` to be at least baseDelayMs (10)'],
    [{ handle, onExhausted: 'drop' }, '`destinations.orders.onExhausted`'],
    [{ handle, maxParkedEvents: -1 }, '`destinations.orders.maxParkedEvents`'],
    [{ handle, maxParkedBytes: -1 }, '`destinations.orders.maxParkedBytes`'],
    [{ handle, pace: { min: 1 } }, '`destinations.orders.pace.max`'],
    [{ handle, pace: { min: 1, max: 2 }, ratePerSecond: 3 }, '`destinations.orders.ratePerSecond` to be absent'],
    [{ handle, breaker: 3 }, '`destinations.orders.breaker`'],
    [{ handle, breaker: { failures: 0 } }, '`destinations.orders.breaker.failures`'],
    [
      { url: 'https://crm.test', headers: { 'x-team': undefined } },
      'Expected `destinations.orders.headers.x-team` to be a string, got undefined. Is its environment variable set?',
    ],
    [{ url: 'https://crm.test', headers: { 'x-team': 3 } }, '`destinations.orders.headers.x-team` to be a string'],
    [{ handle, retries: 3 }, 'there is no option `retries`'],
    [{ handle, timeoutMS: 3 }, 'Did you mean `timeoutMs`?'],
  ])('refuses %o', (options, message) => {
    expect(() => resolveDestination(at, options as never)).toThrow(message)
  })
})

describe('where events go', () => {
  test.each([
    [{}, '`destinations.orders.handle` to be a function, or `url` a URL'],
    [{ handle, url: 'https://a.test' }, '`destinations.orders.url` to be absent where there is a `handle`'],
    [{ handle, sign: () => ({}) }, '`destinations.orders.sign` to be absent'],
    [{ url: 'ftp://a.test' }, '`destinations.orders.url` to be an http:// or https:// URL without credentials'],
    [{ url: 'https://user:secret@a.test' }, '`destinations.orders.url`'],
    [{ url: 'https://a.test', method: 'get' }, '`destinations.orders.method` to be a method that sends a body'],
    [{ url: 'https://a.test', forwardHeaders: 'x-*' }, '`destinations.orders.forwardHeaders`'],
    [{ handle, backup: {} }, '`destinations.orders.backup.handle`'],
    [{ handle, backup: { handle, failures: 0 } }, '`destinations.orders.backup.failures`'],
    [{ handle, backup: { handle, backup: {} } }, 'there is no option `backup`'],
  ])('refuses %o', (options, message) => {
    expect(() => resolveDestination(at, options as never)).toThrow(message)
  })

  test('shows no credentials of a URL', () => {
    expect(() => resolveDestination(at, { url: 'https://user:secret@a.test' })).not.toThrow('secret')
  })

  test('docs/destinations.md lists the defaults of a backup as they are', () => {
    const page = readFileSync(new URL('../../../../docs/destinations.md', import.meta.url), 'utf8')
    for (const [name, value] of Object.entries(defaultFailoverOptions))
      expect(page).toContain(`| \`backup.${name}\` | \`${value.toLocaleString('en').replaceAll(',', '_')}\` |`)
  })
})

describe('docs/drain.md', () => {
  test('lists the defaults of breaker and pace as they are', () => {
    const page = readFileSync(new URL('../../../../docs/drain.md', import.meta.url), 'utf8')
    const { failures, breakMs, maxBreakMs } = defaultBreakerOptions
    expect(page).toContain(`| \`breaker.failures\` | \`${failures}\` |`)
    const shown = [breakMs, maxBreakMs].map((value) => `\`${value.toLocaleString('en').replaceAll(',', '_')}\``)
    expect(page).toContain(`| \`breaker.breakMs\`, \`breaker.maxBreakMs\` | ${shown.join(', ')} |`)
    expect(page).toContain(`| \`pace.fallTo\` | \`${defaultPaceOptions.fallTo}\` |`)
    expect(page).toContain(`| \`pace.slowMs\` | \`${defaultPaceOptions.slowMs}\` |`)
  })

  test('lists the defaults as they are', () => {
    const page = readFileSync(new URL('../../../../docs/drain.md', import.meta.url), 'utf8')
    const section = page.slice(page.indexOf('## Defaults'), page.indexOf('## Events'))
    const rows = [...section.matchAll(/^\| `(\w+)` \| `([\w.']+)`/gm)].map(([, name, value = '']) => [
      name,
      value.startsWith("'") ? value.slice(1, -1) : Number(value.replaceAll('_', '')),
    ])
    expect(Object.fromEntries(rows)).toEqual(defaultDestinationOptions)
  })
})

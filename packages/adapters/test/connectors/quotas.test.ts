import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  classifyResponse,
  type Connector,
  createFetch,
  explain,
  type FetchOptions,
  isIntegrationError,
} from '@holdfast/core'
import { fakeClock, scriptedFetch, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'

const directory = join(import.meta.dirname, '../../src/connectors')
const names = readdirSync(directory).flatMap((file) => (file.endsWith('.json') ? basename(file, '.json') : []))
const connectors = await Promise.all(
  names.map(async (name) => {
    const module = (await import(join(directory, `${name}.ts`))) as { readonly default: Connector }
    return module.default
  }),
)

/** What is full there is something else than calls. */
const notOfCalls = new Set(['storage', 'usage_limit'])

const quotas = connectors.flatMap((connector) =>
  (connector.errors ?? []).flatMap(({ then, example }) =>
    then.code === 'quota_exhausted' && !notOfCalls.has(then.reason ?? '')
      ? [{ name: `${connector.id}, ${then.reason ?? 'a quota'}`, connector, example }]
      : [],
  ),
)

function harness(
  connector: Connector,
  { status, headers, body }: (typeof quotas)[number]['example'],
  more: Record<string, string>,
  rateLimit: FetchOptions['rateLimit'],
) {
  const clock = fakeClock(Date.UTC(2025, 10, 24, 16))
  const exhausted = () =>
    new Response(JSON.stringify(body ?? {}), {
      status,
      headers: { 'content-type': 'application/json', ...headers, ...more },
    })
  const transport = scriptedFetch([exhausted, () => new Response('{}')])
  const [host = 'api.example.com'] = connector.http?.hosts ?? []
  const [path = '/v1/things'] = connector.http?.failuresInBody ?? []
  const url = `https://${host.replace('*', 'acme')}${path.replace('*', '2025-01')}`
  const fetch = createFetch({
    connector,
    fetch: transport,
    clock,
    random: seededRandom(7),
    deadlineMs: false,
    attemptTimeoutMs: false,
    ...(rateLimit === undefined ? {} : { rateLimit }),
  })
  const run = (): Promise<unknown> => clock.runUntil(fetch(url)).catch((error: unknown) => error)
  return { clock, transport, run }
}

test('there are quotas to look at', () => {
  expect(quotas.length).toBeGreaterThan(10)
})

describe.each(quotas)('$name', ({ connector, example }) => {
  const all: readonly [string, Record<string, string>][] = [
    ['without a Retry-After', {}],
    ['with a Retry-After', { 'retry-after': '90' }],
    ['though it says to repeat it', { 'x-should-retry': 'true' }],
  ]
  // Some tell a quota from a limit by the very header.
  const ways = all.filter(([, more]) => {
    const { status, body } = example
    const headers = new Headers({ ...example.headers, ...more })
    return classifyResponse({ status, headers, body, now: 0 }, connector)?.code === 'quota_exhausted'
  })

  test.each(ways)('is not repeated, and refuses others until one asks again: %s', async (_, more) => {
    for (const rateLimit of [undefined, { onLimit: 'fail' }] as const) {
      const { clock, transport, run } = harness(connector, example, more, rateLimit)
      const response = await run()
      expect(explain(response)?.error?.code).toBe('quota_exhausted')
      expect(explain(response)?.stop).toBe('not_retryable')
      const refused = await run()
      expect(isIntegrationError(refused, 'quota_exhausted')).toBe(true)
      expect(refused).toMatchObject({ delivery: 'not_sent' })
      expect((refused as { readonly retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(1_000)
      expect(transport.calls).toHaveLength(1)
      expect(clock.monotonicMs()).toBe(0)
      // Those who wait for the same time are spread a little.
      await clock.advance(3_600_100)
      expect(await run()).toMatchObject({ status: 200 })
      expect(await run()).toMatchObject({ status: 200 })
    }
  })

  test.each(ways)('is not repeated where limits are surfaced or off: %s', async (_, more) => {
    for (const rateLimit of [{ onLimit: 'surface' }, false] as const) {
      const { clock, transport, run } = harness(connector, example, more, rateLimit)
      expect(explain(await run())?.error?.code).toBe('quota_exhausted')
      expect(transport.calls).toHaveLength(1)
      expect(await run()).toMatchObject({ status: 200 })
      expect(clock.monotonicMs()).toBe(0)
    }
  })
})

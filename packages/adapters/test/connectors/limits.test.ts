import { join } from 'node:path'
import { type Connector, createFetch, explain, rateLimitOf } from '@holdfast/core'
import { fakeClock, scriptedFetch, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { akamaiToXendit } from './limit-cases/akamai-to-xendit.ts'
import { airtableToJira } from './limit-cases/airtable-to-jira.ts'
import type { LimitCase } from './limit-cases/limit-case.ts'
import { linearToZendesk } from './limit-cases/linear-to-zendesk.ts'
import { connectors, directory } from './load-connectors.ts'

const cases = [...airtableToJira, ...linearToZendesk, ...akamaiToXendit]
const NOW = Date.UTC(2025, 10, 24, 16)

test('every connector that knows an API has its cases', () => {
  const withApi = connectors.filter(([, { http, errors, rateLimits }]) => http ?? errors ?? rateLimits)
  expect([...new Set(cases.map(({ provider }) => provider))].toSorted()).toEqual(
    withApi.map(([name]) => name).toSorted(),
  )
})

describe.each(cases)('$provider: $title', ({ provider, ...limit }) => {
  test('is classified, waited for and repeated as the provider means it', async () => {
    const { clock, transport, run } = await harness(provider, limit)
    const response = await run(limit.url)
    const told = explain(response)
    const [first] = told?.attempts ?? []
    expect(first).toMatchObject({ code: limit.code, ...(limit.reason === undefined ? {} : { reason: limit.reason }) })
    if (limit.waitMs === 'never') {
      expect(transport.calls).toHaveLength(1)
      expect(told?.error).toMatchObject({ code: 'quota_exhausted' })
      return
    }
    expect(transport.calls).toHaveLength(2)
    expect(response.status).toBe(limit.success?.status ?? 200)
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(limit.waitMs)
    expect(clock.monotonicMs()).toBeLessThan(limit.waitMs * 1.3 + 300)
  })

  test('is told by rateLimitOf', async () => {
    const { run } = await harness(provider, { ...limit, isExhausted: false })
    const {
      readings: _readings,
      headers: _headers,
      ...told
    } = rateLimitOf(await run(limit.url)) ?? {
      readings: [],
      headers: {},
    }
    expect(told).toEqual(limit.tells ?? {})
  })
})

test('jira: writes to one issue are spread before any answer asks for it; reads and other issues are not', async () => {
  const { clock, run } = await harness('jira', { ...jiraIssue, isExhausted: false })
  const write = { method: 'PUT', body: '{}' }
  for (let index = 0; index < 20; index++) await run(jiraIssue.url, write)
  await run(jiraIssue.url)
  await run('https://acme.atlassian.net/rest/api/3/issue/ABC-2', write)
  expect(clock.monotonicMs()).toBe(0)
  await run(`${jiraIssue.url}/comment`, write)
  expect(clock.monotonicMs()).toBeGreaterThanOrEqual(2_000)
})

const jiraIssue = {
  title: 'an issue',
  url: 'https://acme.atlassian.net/rest/api/3/issue/ABC-1',
  exhausted: { status: 429 },
  code: 'rate_limited',
  waitMs: 0,
}

async function harness(provider: string, limit: Omit<LimitCase, 'provider'> & { readonly isExhausted?: boolean }) {
  const module = (await import(join(directory, `${provider}.ts`))) as { readonly default: Connector }
  const clock = fakeClock(NOW)
  const success = () => answerOf({ status: 200, ...limit.success })
  const exhausted = () => answerOf(limit.exhausted)
  const transport = scriptedFetch(limit.isExhausted === false ? [success] : [exhausted, success])
  const fetch = createFetch({
    connector: module.default,
    fetch: transport,
    clock,
    random: seededRandom(7),
    deadlineMs: 600_000,
    attemptTimeoutMs: false,
  })
  return { clock, transport, run: (url: string, init?: RequestInit) => clock.runUntil(fetch(url, init)) }
}

function answerOf({ status, headers = {}, body }: LimitCase['exhausted']): Response {
  return body === undefined ? new Response('', { status, headers }) : Response.json(body, { status, headers })
}

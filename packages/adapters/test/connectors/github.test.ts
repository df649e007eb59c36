import { createFetch, integrationErrorOf } from '@holdfast/core'
import { fakeClock, scriptedFetch, seededRandom } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import github from '../../src/connectors/github.ts'

type Paths = { readonly [Name in keyof typeof github.endpoints]: (typeof github.endpoints)[Name]['path'] }

test('the types of the endpoints are those of the manifest', () => {
  const typed: Paths = {
    'repos.get': '/repos/{owner}/{repo}',
    'issues.list': '/repos/{owner}/{repo}/issues',
    'hooks.deliveries': '/repos/{owner}/{repo}/hooks/{hook_id}/deliveries',
  }
  const paths = Object.entries(github.endpoints).map(([name, { path }]) => [name, path])
  expect(Object.fromEntries(paths)).toEqual(typed)
})

test('waits a minute after a secondary limit that says nothing, then twice as long each time', async () => {
  const clock = fakeClock()
  const refusal = () =>
    Response.json({ message: 'You have exceeded a secondary rate limit.' }, { status: 403, headers: plenty })
  // What is left of the primary limit says nothing of the secondary one.
  const plenty = { 'x-ratelimit-remaining': '4998', 'x-ratelimit-reset': '1764000000' }
  const fetch = createFetch({
    connector: github,
    fetch: scriptedFetch([refusal, refusal, refusal, () => new Response('{}')]),
    clock,
    random: seededRandom(7),
    rateLimit: { onLimit: 'fail' },
    deadlineMs: false,
  })
  const pausesMs: number[] = []
  fetch.on('limit:paused', ({ pauseMs }) => pausesMs.push(pauseMs))
  for (let call = 0; call < 4; call++) {
    await clock.runUntil(fetch('https://api.github.com/user'))
    await clock.advance((pausesMs.at(-1) ?? 0) + 100)
  }
  expect(pausesMs).toEqual([60_000, 120_000, 240_000])
})

test('waits as long as a secondary limit asks, however often it is refused', async () => {
  const clock = fakeClock()
  const refusal = () =>
    Response.json(
      { message: 'You have exceeded a secondary rate limit.' },
      { status: 403, headers: { 'retry-after': '7' } },
    )
  const fetch = createFetch({ connector: github, fetch: scriptedFetch([refusal, refusal, refusal]), clock })
  const pausesMs: number[] = []
  fetch.on('limit:paused', ({ pauseMs }) => pausesMs.push(pauseMs))
  const error = integrationErrorOf(await clock.runUntil(fetch('https://api.github.com/user')))
  expect(error).toMatchObject({ code: 'rate_limited', reason: 'secondary', retryAfterMs: 7_000 })
  expect(pausesMs).toEqual([7_000, 7_000, 7_000])
})

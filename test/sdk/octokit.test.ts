import { createFetch, explain, type FetchOptions } from '@holdfast/core'
import { Octokit } from '@octokit/core'
import { describe, expect, it } from 'vitest'
import { fastClock } from './fast-clock.ts'
import { scriptedServer } from './scripted-server.ts'

const options: FetchOptions = { clock: fastClock, deadlineMs: false, attemptTimeoutMs: false }
const repository = { id: 1, full_name: 'octo/cat' }

describe('Octokit over createFetch', () => {
  it('gets its answer through a rate limit and a broken connection', async () => {
    const server = await scriptedServer(
      { status: 429, headers: { 'x-ratelimit-remaining': '0', 'ratelimit-reset': '2' } },
      { fault: 'reset' },
      { body: repository },
    )
    const fetch = createFetch(options)
    const pauses: number[] = []
    const waits: number[] = []
    fetch.on('limit:paused', ({ pauseMs }) => pauses.push(pauseMs))
    fetch.on('limit:released', ({ waitedMs }) => waits.push(waitedMs))
    const octokit = new Octokit({ baseUrl: server.url, request: { fetch } })
    const { data } = await octokit.request('GET /repos/{owner}/{repo}', { owner: 'octo', repo: 'cat' })
    expect(data).toEqual(repository)
    expect(server.requests.map(({ path }) => path)).toEqual(Array.from({ length: 3 }, () => '/repos/octo/cat'))
    expect(pauses).toEqual([2_000])
    expect(waits[0]).toBeGreaterThan(0)
  })

  it('does not repeat a POST that may have been executed', async () => {
    const server = await scriptedServer({ fault: 'reset' })
    const octokit = new Octokit({ baseUrl: server.url, request: { fetch: createFetch(options) } })
    const call = octokit.request('POST /repos/{owner}/{repo}/issues', { owner: 'octo', repo: 'cat', title: 'x' })
    await expect(call).rejects.toMatchObject({ name: 'HttpError', status: 500 })
    expect(server.requests).toHaveLength(1)
  })

  it('sees the refusal of an open circuit as a 503', async () => {
    const server = await scriptedServer({ status: 502, body: { message: 'bad gateway' } })
    const fetch = createFetch({ ...options, retry: false, breaker: { minimumCalls: 1 }, refusals: 'response' })
    const octokit = new Octokit({ baseUrl: server.url, request: { fetch } })
    await expect(octokit.request('GET /user')).rejects.toMatchObject({ status: 502 })
    await expect(octokit.request('GET /user')).rejects.toMatchObject({ status: 503 })
    expect(server.requests).toHaveLength(1)
  })

  it('lets the caller ask what happened', async () => {
    const server = await scriptedServer({ status: 503, headers: { 'retry-after': '0' } }, { body: repository })
    const fetch = createFetch(options)
    let response: Response | undefined
    const watched: typeof fetch = Object.assign(async (...args: Parameters<typeof fetch>) => {
      response = await fetch(...args)
      return response
    }, fetch)
    await new Octokit({ baseUrl: server.url, request: { fetch: watched } }).request('GET /user')
    expect(explain(response)?.attempts).toMatchObject([{ status: 503 }, { status: 200 }])
  })
})

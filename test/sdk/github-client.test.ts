import github from '@holdfast/adapters/connectors/github'
import { type ErrorCode, isIntegrationError } from '@holdfast/core'
import { createClient } from '@holdfast/core/client'
import type { UpstreamStep } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import { scriptedServer } from './scripted-server.ts'

async function connect(...steps: readonly [UpstreamStep, ...UpstreamStep[]]) {
  const server = await scriptedServer(...steps)
  const client = createClient({ connector: github, baseUrl: server.url, rateLimit: false, retry: false })
  return { server, client }
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  const error: unknown = await work.catch((thrown: unknown) => thrown)
  return isIntegrationError(error) ? error.code : undefined
}

describe('a client with the connector of GitHub', () => {
  it('reads a list by its name', async () => {
    const { client, server } = await connect(
      { body: [{ number: 1 }], headers: { link: '</repositories/7/issues?page=2>; rel="next"' } },
      { body: [{ number: 2 }] },
    )
    const read: unknown[] = []
    for await (const issue of client.paginateEndpoint('issues.list', {
      params: { owner: 'octocat', repo: 'hello-world' },
      searchParams: { state: 'open' },
    }))
      read.push(issue)
    expect(read).toEqual([{ number: 1 }, { number: 2 }])
    expect(server.requests.map(({ url }) => url.slice(server.url.length))).toEqual([
      '/repos/octocat/hello-world/issues?state=open',
      '/repositories/7/issues?page=2',
    ])
  })

  it('knows endpoints and their parameters by type', async () => {
    const { client } = await connect({ body: { id: 7 } })
    const params = { owner: 'octocat', repo: 'hello-world' }
    expect(await client.endpoint('repos.get', { params }).json()).toEqual({ id: 7 })
    // @ts-expect-error There is no such endpoint.
    expect(() => client.endpoint('repos.delete', { params })).toThrow('repos.get, issues.list, hooks.deliveries')
    // @ts-expect-error A parameter of the path is missing.
    expect(() => client.endpoint('repos.get', { params: { owner: 'octocat' } })).toThrow('params.repo')
  })

  it('throws for a GraphQL error inside of a 200', async () => {
    const body = { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded for installation ID 1.' }] }
    const { client } = await connect({ body })
    expect(await codeOf(client.post('/graphql', { json: { query: '{ viewer { login } }' } }).json())).toBe(
      'rate_limited',
    )
  })

  it('throws what a 403 really means', async () => {
    const { client } = await connect({ status: 403, body: { message: 'Resource not accessible by integration' } })
    expect(await codeOf(client.get('/user'))).toBe('insufficient_scope')
  })
})

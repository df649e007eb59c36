import github from '@holdfast/adapters/connectors/github'
import { toIntegrationError } from '@holdfast/adapters/octokit'
import { Octokit } from '@octokit/core'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient, expectNoCanary } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

describeClient({
  name: 'Octokit',
  call: ({ url, timeoutMs, signal }) =>
    new Octokit({ baseUrl: url, auth: canary }).request(`POST /repos/octo/cat/issues?key=${canary}`, {
      title: canary,
      request: { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
    }),
  toIntegrationError,
  body: (message) => ({ message, documentation_url: 'https://docs.github.com' }),
  // A 200 that is no JSON comes back as text.
  differs: { 'a page with 200': 'skip', 'a truncated body': 'skip' },
})

const graphql = async (body: object): Promise<unknown> => {
  const baseUrl = await failingServer(answering(200, {}, JSON.stringify(body)))
  return caught(new Octokit({ baseUrl, auth: canary }).graphql(`query { viewer(secret: "${canary}") { login } }`))
}

describe('toIntegrationError of Octokit', () => {
  it('does not take a failure of the network for the 500 that Octokit gives it', async () => {
    const baseUrl = await failingServer({ fault: 'reset' })
    const error = await caught(new Octokit({ baseUrl }).request('POST /user'))
    expect(error).toMatchObject({ status: 500 })
    const described = toIntegrationError(error)
    expect(described).toMatchObject({ code: 'connection_lost', delivery: 'unknown', endpoint: `POST ${baseUrl}/user` })
    expect(described.upstream).toBeUndefined()
  })

  it.each([
    ['RATE_LIMITED', { code: 'rate_limited' }],
    ['NOT_FOUND', { code: 'not_found' }],
    ['INSUFFICIENT_SCOPES', { code: 'insufficient_scope' }],
    ['SOMETHING', { code: 'invalid_request', reason: 'graphql' }],
  ])('knows the GraphQL error %s', async (type, expected) => {
    const described = toIntegrationError(await graphql({ data: null, errors: [{ type, message: canary }] }))
    expect(described).toMatchObject({ ...expected, delivery: 'answered', integration: 'github' })
    expectNoCanary(described)
  })

  it.each([
    ['You have exceeded a secondary rate limit.', { code: 'rate_limited', reason: 'secondary', retryAfterMs: 60_000 }],
    ['Resource not accessible by integration', { code: 'insufficient_scope' }],
  ])('knows the GraphQL message %s', async (message, expected) => {
    const described = toIntegrationError(await graphql({ data: null, errors: [{ type: 'OTHER', message }] }))
    expect(described).toMatchObject({ ...expected, delivery: 'answered', integration: 'github' })
  })

  it('knows a GraphQL answer of which a part has failed', async () => {
    const error = await graphql({ data: { viewer: { login: 'octo' } }, errors: [{ message: canary }] })
    expect(toIntegrationError(error)).toMatchObject({ code: 'partial_failure', delivery: 'answered' })
  })

  it('lets the rules of a connector decide', async () => {
    const baseUrl = await failingServer(answering(403, {}, '{"message":"Resource not accessible by integration"}'))
    const error = await caught(new Octokit({ baseUrl }).request('GET /user'))
    expect(toIntegrationError(error)).toMatchObject({ code: 'permission_denied' })
    expect(toIntegrationError(error, { connector: github })).toMatchObject({ code: 'insufficient_scope' })
  })

  it('does not take a 304 for a failure of the API', async () => {
    const baseUrl = await failingServer(answering(304, {}, ''))
    const error = await caught(new Octokit({ baseUrl }).request('GET /user'))
    expect(toIntegrationError(error)).toMatchObject({ code: 'unknown', reason: 'not_modified', delivery: 'answered' })
  })
})

import type { Connector, ErrorRule } from '@holdfast/core'

const graphql = (type: string, then: ErrorRule['then']): ErrorRule => ({
  when: { status: 200, pointer: '/errors/0/type', equals: type },
  then,
  example: { status: 200, body: { errors: [{ type, message: 'No.' }] } },
})

const said = (text: string, then: ErrorRule['then']): ErrorRule => ({
  when: { status: 200, pointer: '/errors/0/message', matches: text },
  then,
  example: { status: 200, body: { errors: [{ message: `${text}.` }] } },
})

/** GitHub as far as its errors differ from what their status says; more is in the connector `github`. */
export const provider: Connector = {
  id: 'github',
  name: 'GitHub',
  sources: [
    {
      url: 'https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api',
      verifiedAt: '2026-11-22',
    },
    { url: 'https://github.com/octokit/plugin-throttling.js', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/cli/cli', verifiedAt: '2026-11-22' },
  ],
  http: { requestIdHeader: 'x-github-request-id' },
  errors: [
    {
      when: { status: [403, 429], pointer: '/message', matches: 'secondary rate limit' },
      then: { code: 'rate_limited', reason: 'secondary', waitMs: 60_000 },
      example: { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } },
    },
    graphql('RATE_LIMITED', { code: 'rate_limited', reason: 'primary' }),
    graphql('NOT_FOUND', { code: 'not_found', reason: 'resource' }),
    graphql('INSUFFICIENT_SCOPES', { code: 'insufficient_scope', reason: 'scope_missing' }),
    // GraphQL answers 200 to these.
    said('secondary rate limit', { code: 'rate_limited', reason: 'secondary', waitMs: 60_000 }),
    said('Resource not accessible by', { code: 'insufficient_scope' }),
  ],
}

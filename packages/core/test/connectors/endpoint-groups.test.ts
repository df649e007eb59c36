import { describe, expect, it } from 'vitest'
import { endpointGroups } from '../../src/connectors/endpoint-groups.ts'
import type { Connector } from '../../src/index.ts'

const base: Connector = { id: 'example', name: 'Example', sources: [] }
const connector: Connector = {
  ...base,
  http: { baseUrl: 'https://api.example.com/v1/' },
  endpoints: {
    'users.get': { method: 'GET', path: '/users/{id}' },
    'users.update': { method: 'PATCH', path: '/users/{id}' },
    'account.get': { method: 'GET', path: '/users/me' },
    'chat.completions.create': { method: 'POST', path: '/chat/completions' },
    'files.read': { method: 'GET', path: '/files/{name}.json' },
    search: { method: 'GET', path: '/search' },
  },
}

describe('endpointGroups', () => {
  it.each([
    ['GET', '/v1/users/7', 'users'],
    ['PATCH', '/v1/users/7?notify=true', 'users'],
    ['GET', '/v1/users/me', 'account'],
    ['GET', '/v1/users/me#top', 'account'],
    ['PATCH', '/v1/users/me', 'users'],
    ['POST', '/v1/chat/completions', 'chat.completions'],
    ['GET', '/v1/search?q=a/b', 'search'],
    ['GET', '/v1/files/a.json', 'files'],
    ['GET', '/v1/files/a-json', undefined],
    ['GET', '/v1/files/a/b.json', undefined],
    ['GET', '/v1', undefined],
    ['DELETE', '/v1/users/7', undefined],
    ['GET', '/v1/users/7/posts', undefined],
    ['GET', '/v1/users/', undefined],
    ['GET', '/users/7', undefined],
    ['GET', '', undefined],
  ])('finds the group of %s %s', (method, path, group) => {
    expect(endpointGroups(connector)?.({ method, url: `https://api.example.com${path}` })).toBe(group)
  })

  it('needs no base URL', () => {
    const { endpoints } = connector
    const groupOf = endpointGroups({ ...base, ...(endpoints === undefined ? {} : { endpoints }) })
    expect(groupOf?.({ method: 'GET', url: 'https://eu.example.com:8443/search' })).toBe('search')
  })

  it('knows no group of a relative URL', () => {
    expect(endpointGroups(connector)?.({ method: 'GET', url: '/v1/search' })).toBeUndefined()
  })

  it('is nothing for a connector without endpoints', () => {
    expect(endpointGroups(base)).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { pathOf, pathPattern } from '../../src/rate-limit/path-pattern.ts'

describe('pathPattern', () => {
  it.each([
    ['/graphql', '/graphql', true],
    ['/graphql', '/graphql/x', false],
    ['/api/*', '/api/chat.postMessage', true],
    ['/api/*', '/api/a/b', false],
    ['/search/**', '/search/a/b', true],
    ['/admin/api/*/graphql.json', '/admin/api/2026-01/graphql.json', true],
    ['/a.b', '/aXb', false],
    ['/v0/{base}/**', '/v0/app1/tasks/rec1', true],
    ['/v0/{base}/**', '/v0//tasks', false],
  ])('%s covers %s: %s', (pattern, path, covers) => {
    expect(pathPattern(pattern).test(path)).toBe(covers)
  })
})

describe('pathPattern with names', () => {
  it('captures what they stand for, in order', () => {
    const match = pathPattern('/api/*/guilds/{guild}/members/{member}/**').exec('/api/v10/guilds/1/members/2/x/y')
    expect(match?.slice(1)).toEqual(['1', '2'])
  })
})

describe('pathOf', () => {
  it.each([
    ['https://a.example/x/y?z=/q#/f', '/x/y'],
    ['https://a.example', '/'],
    ['https://a.example?x=/y', '/'],
    ['https://a.example#/y', '/'],
    ['/relative?x', '/relative'],
  ])('of %s is %s', (url, path) => {
    expect(pathOf(url)).toBe(path)
  })
})

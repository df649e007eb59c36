import { describe, expect, test } from 'vitest'
import type { ErrorCondition } from '../../src/connectors/connector.ts'
import { matchesCondition } from '../../src/connectors/match-condition.ts'

const answer = {
  status: 403,
  headers: new Headers({ 'x-ratelimit-remaining': '0' }),
  body: { error: { code: 17, message: 'Secondary Rate Limit' }, list: [1, { a: 1, b: [2] }], nothing: null },
}

describe('matchesCondition', () => {
  test.each<[string, ErrorCondition]>([
    ['a status', { status: 403 }],
    ['one of several statuses', { status: [429, 403] }],
    ['a header that is present', { header: 'x-ratelimit-remaining' }],
    ['a header that equals', { header: 'x-ratelimit-remaining', equals: '0' }],
    ['a header that is one of', { header: 'x-ratelimit-remaining', in: ['1', '0'] }],
    ['a pointer that exists', { pointer: '/error/code' }],
    ['a pointer to null', { pointer: '/nothing', equals: null }],
    ['a pointer that equals a number', { pointer: '/error/code', equals: 17 }],
    ['a pointer that equals an array, members in any order', { pointer: '/list', equals: [1, { b: [2], a: 1 }] }],
    ['a pointer that is one of', { pointer: '/error/code', in: ['17', 17] }],
    ['a substring in any case', { pointer: '/error/message', matches: 'secondary rate' }],
    ['a substring of a number', { pointer: '/error/code', matches: '7' }],
    ['all parts at once', { status: 403, header: 'x-ratelimit-remaining', pointer: '/error/code', equals: 17 }],
  ])('holds for %s', (_title, condition) => {
    expect(matchesCondition(condition, answer)).toBe(true)
  })

  test.each<[string, ErrorCondition]>([
    ['another status', { status: 401 }],
    ['none of several statuses', { status: [429, 401] }],
    ['a header that is absent', { header: 'retry-after' }],
    ['a name that no header can have', { header: 'no header', equals: '0' }],
    ['a header that differs', { header: 'x-ratelimit-remaining', equals: '1' }],
    ['a header that is a number in the rule', { header: 'x-ratelimit-remaining', equals: 0 }],
    ['a pointer to nothing', { pointer: '/error/type' }],
    ['a number that is text in the rule', { pointer: '/error/code', equals: '17' }],
    ['an array of another order', { pointer: '/list', equals: [{ a: 1, b: [2] }, 1] }],
    ['an object with more members', { pointer: '/list/1', equals: { a: 1 } }],
    ['an array that is an object in the rule', { pointer: '/list/1/b', equals: { 0: 2 } }],
    ['a substring of an object', { pointer: '/error', matches: 'object' }],
    ['two operators of which one fails', { pointer: '/error/code', in: [17], matches: '8' }],
    ['a header that is absent beside a pointer', { header: 'retry-after', pointer: '/error/code', equals: 17 }],
  ])('does not hold for %s', (_title, condition) => {
    expect(matchesCondition(condition, answer)).toBe(false)
  })

  test('reads text as a whole through the empty pointer', () => {
    const page = { status: 500, headers: new Headers(), body: '<sf:INVALID_SESSION_ID/>' }
    expect(matchesCondition({ pointer: '', matches: 'invalid_session_id' }, page)).toBe(true)
    expect(matchesCondition({ pointer: '' }, { status: 500, headers: new Headers() })).toBe(false)
  })
})

import type { RequestCondition } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { compileCondition, compileSelect } from '../../src/verify/request-condition.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'

const reader = new RequestReader({
  headers: [
    ['X-Version', 'v2'],
    ['X-Twice', 'a'],
    ['x-twice', 'b'],
    ['x-empty', ''],
  ],
  body: Buffer.from('{"type":"événement","count":2}'),
  receivedAt: 0,
  url: 'https://example.com/?challenge=abc',
})

describe('compileCondition', () => {
  test.each<[boolean, RequestCondition]>([
    [true, { from: 'header', name: 'x-version' }],
    [true, { from: 'header', name: 'x-empty' }],
    [false, { from: 'header', name: 'x-none' }],
    [true, { from: 'header', name: 'x-none', absent: true }],
    [false, { from: 'header', name: 'x-empty', absent: true }],
    [true, { from: 'header', name: 'x-version', equals: 'v2' }],
    [false, { from: 'header', name: 'x-version', equals: 'V2' }],
    [false, { from: 'header', name: 'x-version', equals: 'v' }],
    [true, { from: 'header', name: 'x-version', matches: '2' }],
    [false, { from: 'header', name: 'x-none', equals: '' }],
    [true, { from: 'query', name: 'challenge', matches: 'b' }],
    [true, { from: 'body', pointer: '/type', equals: 'événement' }],
    [true, { from: 'body', pointer: '/count', equals: '2' }],
    [false, { from: 'body', pointer: '/absent' }],
  ])('is %s for %j', (holds, condition) => {
    expect(compileCondition(condition)(reader)).toBe(holds)
  })

  test('wants every one of several values to fulfil it', () => {
    const twice = { from: 'header', name: 'x-twice' } as const
    expect(compileCondition(twice)(reader)).toBe(true)
    expect(compileCondition({ ...twice, equals: 'a' })(reader)).toBe(false)
    expect(compileCondition({ ...twice, equals: 'b' })(reader)).toBe(false)
  })
})

describe('compileSelect', () => {
  test('selects every request without conditions', () => {
    expect(compileSelect(undefined)(reader)).toBe(true)
  })

  test('selects by the presence of a header, or by all conditions', () => {
    expect(compileSelect('x-version')(reader)).toBe(true)
    expect(compileSelect('x-none')(reader)).toBe(false)
    const version = { from: 'header', name: 'x-version', equals: 'v2' } as const
    expect(compileSelect([version, { from: 'query', name: 'challenge' }])(reader)).toBe(true)
    expect(compileSelect([version, { from: 'query', name: 'none' }])(reader)).toBe(false)
  })
})

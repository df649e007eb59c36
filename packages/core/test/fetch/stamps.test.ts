import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createStamps } from '../../src/fetch/stamps.ts'

describe('createStamps', () => {
  it.each([
    ['a response', new Response('x')],
    ['an error', new Error('x')],
    ['a function', () => 1],
    ['a proxy', new Proxy({}, {})],
    ['a frozen object', Object.freeze({ a: 1 })],
  ])('notes a value on %s and shows on nothing', (_what, target) => {
    const stamps = createStamps<string>()
    const before = [inspect(target), Reflect.ownKeys(target)]
    stamps.set(target, 'noted')
    expect(stamps.get(target)).toBe('noted')
    stamps.set(target, 'later')
    expect(stamps.get(target)).toBe('later')
    expect([inspect(target), Reflect.ownKeys(target)]).toEqual(before)
  })

  it('notes a later value on what was frozen since', () => {
    const stamps = createStamps<string>()
    const target = {}
    stamps.set(target, 'noted')
    stamps.set(Object.freeze(target), 'later')
    expect(stamps.get(target)).toBe('later')
  })

  it('knows nothing of what was never noted, nor of a clone', () => {
    const stamps = createStamps<string>()
    const response = new Response('x')
    stamps.set(response, 'noted')
    expect(stamps.get(response.clone())).toBeUndefined()
    expect(createStamps<string>().get(response)).toBeUndefined()
    expect(stamps.get({})).toBeUndefined()
    expect(stamps.get(Object.freeze({}))).toBeUndefined()
  })
})

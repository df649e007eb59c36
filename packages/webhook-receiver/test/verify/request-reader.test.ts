import { describe, expect, test } from 'vitest'
import { RequestReader } from '../../src/verify/request-reader.ts'

const request = {
  headers: [
    ['X-Event', 'push'],
    ['x-event', 'pull'],
    ['X-Id', 'id-1'],
  ] as const,
  body: Buffer.from('{"id":"evt_1","items":[{"id":1},{"id":2.50}],"deep":{"items":[{"id":"x"}]}}'),
  receivedAt: 0,
  url: 'https://example.com/hook?id=a%20b&id=c&x=1#id=d',
}

describe('RequestReader', () => {
  const reader = new RequestReader(request)

  test('finds every value of a source', () => {
    expect(reader.values({ from: 'header', name: 'x-event' })).toEqual(['push', 'pull'])
    expect(reader.values({ from: 'query', name: 'id' })).toEqual(['a b', 'c'])
    expect(reader.values({ from: 'body', pointer: '/id' })).toEqual(['evt_1'])
    expect(reader.values({ from: 'header', name: 'x-absent' })).toEqual([])
    expect(reader.values({ from: 'query', name: 'absent' })).toEqual([])
    expect(reader.values({ from: 'body', pointer: '/absent' })).toEqual([])
  })

  test('reads a value as text', () => {
    expect(reader.text({ from: 'header', name: 'x-id' })).toBe('id-1')
    expect(reader.text({ from: 'query', name: 'x' })).toBe('1')
    expect(reader.text({ from: 'body', pointer: '/items/1/id' })).toBe('2.50')
    expect(reader.text({ from: 'header', name: 'x-absent' })).toBeUndefined()
    expect(reader.text(undefined)).toBeUndefined()
  })

  test('has a reader for each item of an array, with the headers of the request', () => {
    const items = [...reader.items('/items')]
    expect(items.map((item) => item.text({ from: 'body', pointer: '/id' }))).toEqual(['1', '2.50'])
    expect(items[0]?.text({ from: 'header', name: 'x-id' })).toBe('id-1')
    expect([...reader.items('/id')]).toEqual([])
    expect([...reader.items('/absent')]).toEqual([])
  })

  test('has no query where there is no URL', () => {
    const { url: _url, ...withoutUrl } = request
    expect(new RequestReader(withoutUrl).values({ from: 'query', name: 'id' })).toEqual([])
  })
})

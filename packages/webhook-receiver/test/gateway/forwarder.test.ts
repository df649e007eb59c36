import { describe, expect, it } from 'vitest'
import { endToEndHeaders, isAboutServer, pathAndQueryOf, requestHeaders } from '../../src/gateway/forwarder.ts'

describe('pathAndQueryOf', () => {
  it.each([
    ['/hooks?a=%2F&b', '/hooks?a=%2F&b'],
    ['http://edge/hooks?a=1#part', '/hooks?a=1'],
    ['https://edge', '/'],
    ['https://edge?a=1', '/?a=1'],
    ['https://edge/a?to=http://b/c', '/a?to=http://b/c'],
    ['/a?to=http://b/c', '/a?to=http://b/c'],
    ['//double/slash', '//double/slash'],
    ['', '/'],
  ])('of %j is %j', (url, expected) => {
    expect(pathAndQueryOf(url)).toBe(expected)
  })
})

describe('isAboutServer', () => {
  it.each([
    ['OPTIONS', '*', true],
    ['OPTIONS', 'http://edge', true],
    ['OPTIONS', '/', false],
    ['OPTIONS', 'http://edge/', false],
    ['OPTIONS', 'http://edge?a', false],
    ['GET', 'http://edge', false],
  ])('of %s %s is %j', (method, url, expected) => {
    expect(isAboutServer({ method, url })).toBe(expected)
  })
})

describe('endToEndHeaders', () => {
  it('takes off what belongs to the connection, and what `connection` names', () => {
    expect(
      endToEndHeaders([
        ['Host', 'edge'],
        ['Connection', 'close, X-Private'],
        ['x-private', '1'],
        ['Transfer-Encoding', 'chunked'],
        ['X-Signature', 'a'],
        ['X-Signature', 'b'],
      ]),
    ).toEqual([
      ['Host', 'edge'],
      ['X-Signature', 'a'],
      ['X-Signature', 'b'],
    ])
  })
})

describe('requestHeaders', () => {
  const request = { url: '/', headers: [['Content-Length', '99']] as const, body: new Uint8Array(0) }

  it('tells the length of the body that is sent', () => {
    expect(requestHeaders({ ...request, method: 'POST' }, 3)).toEqual([['content-length', '3']])
    expect(requestHeaders({ ...request, method: 'POST' }, 0)).toEqual([['content-length', '0']])
    expect(requestHeaders({ ...request, method: 'GET' }, 0)).toEqual([])
  })
})

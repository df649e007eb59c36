import { describe, expect, it } from 'vitest'
import {
  copyHeaders,
  headerOf,
  hostOf,
  isReplayable,
  methodOf,
  normalizeArguments,
  signalOf,
  urlOf,
} from '../../src/fetch/request-facts.ts'

const url = 'https://example.com/a'

describe('hostOf', () => {
  it.each([
    'https://api.example.com/v1?x=1',
    'https://api.example.com',
    'http://localhost:8080/',
    'https://example.com:443/',
    'http://example.com:80',
    'http://example.com:443/',
    'https://EXAMPLE.com/',
    'HTTPS://example.com?x',
    'https://user:secret@example.com/',
    'https://example.com#f',
    'https://example.com\\path',
    'https://[::1]:3000/',
    'https://bücher.example/',
    ' https://example.com/',
    'https:example.com/',
    'data:text/plain,x',
  ])('finds in %s what URL finds', (text) => {
    expect(hostOf(text)).toBe(new URL(text).host)
  })

  it.each(['/relative', 'no url', 'https://', ''])('finds none in `%s`', (text) => {
    expect(hostOf(text)).toBe('')
  })
})

describe('the facts of a request', () => {
  it('take the URL from text, URL, Request and whatever has a text', () => {
    const texted = { toString: () => url } as unknown as string
    expect([url, new URL(url), new Request(url), texted].map((input) => urlOf(input))).toEqual([url, url, url, url])
  })

  it('take method, headers and signal from the init before the Request', () => {
    const request = new Request(url, { method: 'POST', headers: { a: '1' } })
    const { signal } = new AbortController()
    expect(methodOf(request, undefined)).toBe('POST')
    expect(methodOf(request, { method: 'patch' })).toBe('PATCH')
    expect(methodOf(url, {})).toBe('GET')
    expect(headerOf(request, undefined, 'A')).toBe('1')
    expect(headerOf(request, { headers: {} }, 'a')).toBeUndefined()
    expect([...copyHeaders(request, { headers: [['b', '2']] })]).toEqual([['b', '2']])
    expect(signalOf(request, undefined)).toBe(request.signal)
    expect(signalOf(request, { signal })).toBe(signal)
    expect(signalOf(request, { signal: null })).toBeUndefined()
  })

  it('leave a plain init alone and make anything else into a Request', () => {
    const init = { method: 'PUT' }
    expect(normalizeArguments(url, init).init).toBe(init)
    const { input, init: rest } = normalizeArguments(url, new Request(url, { method: 'PUT' }))
    expect((input as Request).method).toBe('PUT')
    expect(rest).toBeUndefined()
  })

  it('call replayable what fetch reads afresh', () => {
    expect(isReplayable(url, undefined)).toBe(true)
    expect(isReplayable(new Request(url), { body: 'x' })).toBe(true)
    expect(isReplayable(new Request(url, { method: 'POST', body: 'x' }), undefined)).toBe(false)
    expect(isReplayable(url, { body: new Blob(['x']).stream() })).toBe(false)
  })
})

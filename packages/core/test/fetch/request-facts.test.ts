import { describe, expect, it } from 'vitest'
import {
  captureArguments as tryCaptureArguments,
  copyHeaders,
  followsRedirects,
  headerOf,
  hostOf,
  isReplayable,
  methodOf,
  signalOf,
  urlOf,
} from '../../src/fetch/request-facts.ts'

const url = 'https://example.com/a'

function captureArguments(...args: Parameters<typeof tryCaptureArguments>) {
  const captured = tryCaptureArguments(...args)
  if (captured === undefined) throw new Error('The arguments cannot be read.')
  return captured
}

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
    'https:/example.com/?next=://other.example/',
    'https:\\\\example.com/?next=://other.example/',
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
    expect(headerOf(request, { headers: new Headers() }, 'a')).toBeUndefined()
    expect([...copyHeaders(request, { headers: new Headers({ b: '2' }) })]).toEqual([['b', '2']])
    expect(signalOf(request, undefined)).toBe(request.signal)
    expect(signalOf(request, { signal })).toBe(signal)
    expect(signalOf(request, { signal: null })).toBeUndefined()
    const without = { url, headers: new Headers(), signal: null } as unknown as Request
    expect(signalOf(without, {})).toBeUndefined()
  })

  it('are those of the moment of the call, whatever becomes of the arguments', () => {
    const page = new URL(url)
    const init = { method: 'PUT', headers: { a: '1' } }
    const captured = captureArguments(page, init)
    page.pathname = '/b'
    init.method = 'POST'
    init.headers.a = '2'
    expect(captured.input).toBe(url)
    expect(captured.init?.method).toBe('PUT')
    expect(headerOf(captured.input, captured.init, 'a')).toBe('1')
  })

  it('hold headers that could be read only once', () => {
    const { input, init } = captureArguments(url, { headers: new Map([['a', '1']]).entries() as never })
    expect([headerOf(input, init, 'a'), headerOf(input, init, 'a')]).toEqual(['1', '1'])
  })

  it('read an init that is no plain object as fetch does, what it inherits included', () => {
    const { init } = captureArguments(url, new Request(url, { method: 'PUT', headers: { 'X-A': '1' } }))
    expect(init?.method).toBe('PUT')
    expect(headerOf(url, init, 'x-a')).toBe('1')
    class Init {
      get method(): string {
        return 'PATCH'
      }
    }
    expect(captureArguments(url, new Init()).init?.method).toBe('PATCH')
  })

  it('hold the referrer of a Request as far as fetch keeps it, unless an init makes fetch forget it', () => {
    const init = { referrer: 'https://referrer.example/a', referrerPolicy: 'origin' } as const
    const request = new Request(url, init)
    // Some versions of undici forget it in any case.
    const { referrer, referrerPolicy } = new Request(request)
    expect(captureArguments(request, undefined).init).toEqual({ referrer, referrerPolicy })
    expect(captureArguments(request, {}).init).toEqual({ referrer, referrerPolicy })
    expect(captureArguments(request, { method: 'PUT' }).init).toEqual({ method: 'PUT' })
    expect(captureArguments(new Request(url), undefined).init).toBeUndefined()
    expect(request.bodyUsed).toBe(false)
  })

  it('keep the case of header names, and headers that are no headers, for fetch to judge', () => {
    const headersOf = (headers: unknown) => captureArguments(url, { headers } as RequestInit).init?.headers
    expect(headersOf({ 'X-A': '1' })).toEqual({ 'X-A': '1' })
    expect(headersOf([['X-A', '1']])).toEqual([['X-A', '1']])
    expect(headersOf('a: b')).toBe('a: b')
    expect(headersOf([['a', 'b', 'c'], 5])).toEqual([['a', 'b', 'c'], 5])
    expect(headerOf(url, { headers: { 'bad name': 'x', a: '1' } }, 'a')).toBeUndefined()
  })

  it.each([
    ['an input that is no text and no object', undefined, undefined],
    ['an init that is no object', url, 'init'],
    ['a signal that is none', url, { signal: {} }],
  ])('are not read from %s', (_, input, init) => {
    expect(tryCaptureArguments(input as string, init as RequestInit)).toBeUndefined()
  })

  it('tell whether redirects are followed', () => {
    const manual = new Request(url, { redirect: 'manual' })
    expect(followsRedirects(url, undefined)).toBe(true)
    expect(followsRedirects(url, { redirect: 'error' })).toBe(false)
    expect(followsRedirects(manual, undefined)).toBe(false)
    expect(followsRedirects(manual, { redirect: 'follow' })).toBe(true)
  })

  it('call replayable what fetch reads afresh', () => {
    expect(isReplayable(url, undefined)).toBe(true)
    expect(isReplayable(new Request(url), { body: 'x' })).toBe(true)
    expect(isReplayable(new Request(url, { method: 'POST', body: 'x' }), undefined)).toBe(false)
    expect(isReplayable(url, { body: new Blob(['x']).stream() })).toBe(false)
  })
})

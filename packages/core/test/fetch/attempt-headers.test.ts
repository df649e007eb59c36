import { describe, expect, it } from 'vitest'
import { createFetch, type FetchOptions } from '../../src/index.ts'
import { answer, harness, url } from './harness.ts'

const noJitter = { next: () => 0, uuid: () => 'unused' }

describe('createFetch: retry.attemptHeader', () => {
  const options: FetchOptions = { retry: { attemptHeader: 'X-Retry-Attempt' } }

  it('numbers the attempts from 1', async () => {
    const { run, transport } = harness([answer(500), answer(503), answer(200)], options)
    await run()
    expect(transport.calls.map(({ headers }) => headers.get('x-retry-attempt'))).toEqual(['1', '2', '3'])
  })

  it('goes on counting when the request is sent again with another token', async () => {
    const tokens = ['old', 'new']
    const { run, transport } = harness([answer(401), answer(200)], { ...options, auth: () => tokens.shift() ?? '' })
    await run()
    expect(transport.calls.map(({ headers }) => headers.get('x-retry-attempt'))).toEqual(['1', '2'])
    expect(transport.calls[1]?.headers.get('authorization')).toBe('Bearer new')
  })

  it('leaves a header of the caller alone, and what the caller passed unchanged', async () => {
    const { run, transport } = harness([answer(500), answer(200)], options)
    const headers = new Headers({ accept: 'text/plain' })
    await run(url, { headers })
    await run(url, { headers: { 'x-retry-attempt': 'mine' } })
    expect([...headers.keys()]).toEqual(['accept'])
    expect(transport.calls[0]?.headers.get('accept')).toBe('text/plain')
    expect(transport.calls[2]?.headers.get('x-retry-attempt')).toBe('mine')
  })

  it('is not sent unless it is asked for', async () => {
    const { run, transport } = harness([answer(200)])
    await run()
    expect([...(transport.calls[0]?.headers.keys() ?? [])]).toEqual([])
  })
})

describe('createFetch: deadlineHeader', () => {
  const header = 'x-envoy-expected-rq-timeout-ms'

  it('tells what is left of the deadline, anew with each attempt', async () => {
    const options = { deadlineHeader: header, deadlineMs: 5_000, random: noJitter }
    const { run, transport } = harness([answer(503, { 'retry-after': '2' }), answer(200)], options)
    await run()
    expect(transport.calls.map(({ headers }) => headers.get(header))).toEqual(['5000', '3000'])
  })

  it('tells the time of the attempt where that is shorter', async () => {
    const { run, transport } = harness([answer(200)], { deadlineHeader: header, attemptTimeoutMs: 1_000.9 })
    await run()
    expect(transport.calls[0]?.headers.get(header)).toBe('1000')
  })

  it('tells the time of the attempt where there is no deadline', async () => {
    const { run, transport } = harness([answer(200)], { deadlineHeader: header, deadlineMs: false })
    await run()
    expect(transport.calls[0]?.headers.get(header)).toBe('30000')
  })

  it('leaves a header of the caller alone', async () => {
    const { run, transport } = harness([answer(200)], { deadlineHeader: header })
    await run(url, { headers: { [header]: '70' } })
    expect(transport.calls[0]?.headers.get(header)).toBe('70')
  })

  it('is refused while there is no time limit to tell', () => {
    expect(() => createFetch({ deadlineHeader: header, deadlineMs: false, attemptTimeoutMs: false })).toThrow(
      'Expected `deadlineHeader`',
    )
  })
})

it.each([{ deadlineHeader: 'a b' }, { retry: { attemptHeader: 'a:b' } }] as const)(
  'the name of a header is checked when the function is made: %j',
  (options) => {
    expect(() => createFetch(options)).toThrow('the name of a header')
  },
)

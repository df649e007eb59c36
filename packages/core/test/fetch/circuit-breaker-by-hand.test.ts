import { describe, expect, it } from 'vitest'
import { InvalidOptionsError, isIntegrationError } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const other = 'https://other.example.com/'
const breaker = { minimumCalls: 2, halfOpenCalls: 1 }

describe('createFetch: circuits by hand', () => {
  it('isolates one host until it is closed', async () => {
    const { run, fetch, transport, heard, clock } = harness([answer(200)])
    fetch.circuits.isolate('API.example.com')
    await clock.advance(1e9)
    const error = await rejectionOf(run())
    expect(isIntegrationError(error, 'circuit_open')).toBe(true)
    expect(error).toMatchObject({ reason: 'isolated', delivery: 'not_sent' })
    expect(error).not.toHaveProperty('retryAfterMs', expect.anything())
    expect((await run(other)).status).toBe(200)
    fetch.circuits.close('api.example.com')
    expect((await run()).status).toBe(200)
    expect(transport.calls.map((call) => call.url)).toEqual([other, url])
    expect(heard.names.filter((name) => name.startsWith('circuit:'))).toEqual(['circuit:isolated', 'circuit:closed'])
  })

  it('isolates all hosts, also those that were not called before', async () => {
    const { run, fetch, transport } = harness([answer(200)])
    await run()
    fetch.circuits.isolate()
    for (const host of [url, other]) expect(await rejectionOf(run(host))).toMatchObject({ reason: 'isolated' })
    expect(fetch.snapshot().hosts.map(({ circuits }) => circuits)).toEqual([
      [{ state: 'isolated' }],
      [{ state: 'isolated' }],
    ])
    fetch.circuits.close('other.example.com')
    expect((await run(other)).status).toBe(200)
    expect(await rejectionOf(run())).toMatchObject({ reason: 'isolated' })
    fetch.circuits.close()
    await run()
    expect(transport.calls).toHaveLength(3)
  })

  it('does not forget an isolated host when it forgets the rest about it', async () => {
    const { fetch } = harness([answer(200)])
    fetch.circuits.isolate('api.example.com')
    for (let n = 0; n < 10_000; n++) await fetch(`https://h${n}.example.com/`)
    expect(fetch.snapshot().hosts.some(({ host }) => host === 'api.example.com')).toBe(false)
    expect(await rejectionOf(fetch(url))).toMatchObject({ reason: 'isolated' })
  })

  it('isolates every group of a host, also new ones', async () => {
    const groupOf = (request: { readonly url: string }) => new URL(request.url).pathname
    const { fetch, run } = harness([answer(200)], { breaker: { groupOf } })
    await run('https://api.example.com/a')
    fetch.circuits.isolate('api.example.com')
    for (const path of ['a', 'b'])
      expect(await rejectionOf(run(`https://api.example.com/${path}`))).toMatchObject({ reason: 'isolated' })
  })

  it('closes a circuit that opened by itself', async () => {
    let status = 500
    const { run, fetch } = harness([() => answer(status)], { retry: false, breaker })
    for (let n = 0; n < 2; n++) await run()
    expect(await rejectionOf(run())).toMatchObject({ code: 'circuit_open' })
    fetch.circuits.close('api.example.com')
    status = 200
    expect((await run()).status).toBe(200)
  })

  it('stops the retries of a call that is under way', async () => {
    const { fetch, clock, transport } = harness([answer(500, {}, 'broken')])
    const call = fetch(url)
    await clock.flush()
    fetch.circuits.isolate()
    expect(await rejectionOf(clock.runUntil(call))).toMatchObject({ code: 'circuit_open', reason: 'isolated' })
    expect(transport.calls).toHaveLength(1)
  })

  it('gives no Retry-After for an isolated circuit to clients that want responses', async () => {
    const { run, fetch } = harness([answer(200)], { refusals: 'response' })
    fetch.circuits.isolate()
    const response = await run()
    expect(response.status).toBe(503)
    expect(response.headers.has('retry-after')).toBe(false)
  })

  it.each(['', 'https://api.example.com/v1?token=secret', 'user@api.example.com', 'api example', 7 as never])(
    'refuses %j, which is not a host',
    (host) => {
      const { fetch } = harness([answer(200)])
      expect(() => fetch.circuits.isolate(host)).toThrow(InvalidOptionsError)
      expect(() => fetch.circuits.close(host)).toThrow(/^Expected `host` to be a host, such as/)
      expect(() => fetch.circuits.isolate(host)).not.toThrow(/secret/)
    },
  )

  it('refuses to isolate when the breaker is off', () => {
    const { fetch } = harness([answer(200)], { breaker: false })
    expect(() => fetch.circuits.isolate()).toThrow(InvalidOptionsError)
  })
})

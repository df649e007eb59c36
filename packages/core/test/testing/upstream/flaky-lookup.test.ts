import { once } from 'node:events'
import http from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fakeClock, flakyLookup, flakyUpstream } from '../../../src/testing/index.ts'

describe('flakyLookup', () => {
  const names = { 'api.example.com': { address: '127.0.0.1' }, 'flaky.example.com': 'temporary' } as const

  it('sends the name of a provider to an upstream', async () => {
    const upstream = await flakyUpstream()
    onTestFinished(() => upstream.close())
    upstream.on('/who', ({ headers }) => ({ body: headers.host ?? '' }))
    const options = { host: 'api.example.com', port: upstream.port, path: '/who', lookup: flakyLookup(names) }
    const [response] = (await once(http.get(options), 'response')) as [http.IncomingMessage]
    response.setEncoding('utf8')
    expect((await response.toArray()).join('')).toBe(`api.example.com:${upstream.port}`)
  })

  it.each([
    ['flaky.example.com', 'EAI_AGAIN'],
    ['other.example.com', 'ENOTFOUND'],
  ])('fails for %s with %s, as DNS does', async (host, code) => {
    const request = http.get({ host, port: 1, lookup: flakyLookup(names) })
    const [error] = (await once(request, 'error')) as [unknown]
    expect(error).toMatchObject({
      code,
      syscall: 'getaddrinfo',
      hostname: host,
      message: `getaddrinfo ${code} ${host}`,
    })
  })

  it('takes its time, and answers one address or all of them', async () => {
    const clock = fakeClock()
    const lookup = flakyLookup({ slow: { address: '::1', delayMs: 50 } }, { clock })
    const answers: unknown[] = []
    lookup('slow', {}, (...answer) => answers.push(answer))
    lookup('slow', { all: true }, (...answer) => answers.push(answer))
    await clock.advance(49)
    expect(answers).toEqual([])
    await clock.advance(1)
    expect(answers).toEqual([
      [null, '::1', 6],
      [null, [{ address: '::1', family: 6 }]],
    ])
  })
})

import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { InvalidOptionsError } from '../../../src/index.ts'
import { fakeClock, flakyUpstream, type FlakyUpstreamOptions } from '../../../src/testing/index.ts'

async function served(options?: FlakyUpstreamOptions) {
  const upstream = await flakyUpstream(options)
  onTestFinished(() => upstream.close())
  return upstream
}

describe('flakyUpstream', () => {
  it('answers as scripted, and keeps what it has seen', async () => {
    const upstream = await served()
    upstream.on('POST /items', [{ status: 503 }, { status: 201, headers: { 'x-a': ['1', '2'] }, body: { id: 1 } }])
    const init = { method: 'POST', body: 'héllo', headers: { 'X-B': '3' } }
    const first = await fetch(`${upstream.url}/items?q=1`, init)
    const second = await fetch(`${upstream.url}/items?q=1`, init)
    expect([first.status, await first.text()]).toEqual([503, ''])
    expect([second.status, second.headers.get('x-a'), await second.json()]).toEqual([201, '1, 2', { id: 1 }])
    expect(upstream.requests[1]).toMatchObject({
      method: 'POST',
      url: `${upstream.url}/items?q=1`,
      path: '/items',
      headers: { 'x-b': '3', 'content-type': 'text/plain;charset=UTF-8' },
      text: 'héllo',
      body: new TextEncoder().encode('héllo'),
      status: 201,
      isRefused: false,
    })
  })

  it('numbers the connections', async () => {
    const upstream = await served()
    upstream.on('/**', {})
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    await getWith(agent, upstream.url)
    await getWith(agent, upstream.url)
    upstream.disconnect()
    await getWith(new http.Agent(), upstream.url)
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 1, 2])
  })

  it('sends informational answers before the real one', async () => {
    const upstream = await served()
    const informational = [{ status: 103, headers: { link: '</a.css>' } }, { status: 102 }]
    upstream.on('/**', { informational, body: 'ok' })
    const request = http.get(upstream.url)
    const seen: (number | undefined)[] = []
    request.on('information', ({ statusCode }: { statusCode: number }) => seen.push(statusCode))
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    expect([...seen, response.statusCode]).toEqual([103, 102, 200])
    expect(await (await fetch(upstream.url)).text()).toBe('ok')
  })

  it('redirects, also in a circle and to other hosts', async () => {
    const upstream = await served()
    const other = await served()
    other.on('/**', { body: 'other' })
    upstream
      .on('/loop', { status: 302, headers: { location: '/loop' } })
      .on('/away', { status: 307, headers: { location: other.url } })
    expect(await (await fetch(`${upstream.url}/away`)).text()).toBe('other')
    await expect(fetch(`${upstream.url}/loop`)).rejects.toMatchObject({ cause: { message: 'redirect count exceeded' } })
  })

  it('runs delays and windows on a clock of the test', async () => {
    const clock = fakeClock(Date.UTC(2030, 0, 1))
    const upstream = await served({ clock })
    upstream.on('/**', {}).limit('/**', { limit: 1, windowMs: 60_000, dialect: 'x' })
    const first = await fetch(upstream.url)
    expect(Object.fromEntries(first.headers)).toMatchObject({
      date: 'Tue, 01 Jan 2030 00:00:00 GMT',
      'x-rate-limit-reset': String(Date.UTC(2030, 0, 1, 0, 1) / 1_000),
    })
    expect((await fetch(upstream.url)).status).toBe(429)
    await clock.advance(60_000)
    expect((await fetch(upstream.url)).status).toBe(200)

    let isThere = false
    upstream.on('/late', () => ({ delayMs: 1_000 }))
    await clock.advance(60_000)
    const late = fetch(`${upstream.url}/late`).finally(() => (isThere = true))
    await expect.poll(() => clock.pendingTimers).toBe(1)
    expect(isThere).toBe(false)
    await clock.advance(1_000)
    expect((await late).status).toBe(200)
  })

  it('sends no body where there is none', async () => {
    const upstream = await served()
    upstream.on('/none', { status: 204 }).on('/head', { body: 'x', bytesPerChunk: 1 })
    expect(await (await fetch(`${upstream.url}/none`)).text()).toBe('')
    const head = await fetch(`${upstream.url}/head`, { method: 'HEAD' })
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['1', ''])
  })

  it('holds the place of a request until its connection has nothing more to say', async () => {
    const upstream = await served()
    upstream.on('/never', { fault: 'hang' }).on('/fast', {}).limit('/**', { limit: 1, model: 'concurrency' })
    const never = fetch(`${upstream.url}/never`).catch(() => 'reset')
    await expect.poll(() => upstream.requests.length).toBe(1)
    expect((await fetch(`${upstream.url}/fast`)).status).toBe(429)
    upstream.disconnect()
    expect(await never).toBe('reset')
    await expect.poll(async () => (await fetch(`${upstream.url}/fast`)).status).toBe(200)
  })

  it('gives the place of a request back that was abandoned', async () => {
    const clock = fakeClock()
    const upstream = await served({ clock })
    upstream.on('/slow', { delayMs: 1_000 }).on('/fast', {}).limit('/**', { limit: 1, model: 'concurrency' })
    const controller = new AbortController()
    const abandoned = fetch(`${upstream.url}/slow`, { signal: controller.signal }).catch(() => 'abandoned')
    await expect.poll(() => clock.pendingTimers).toBe(1)
    expect((await fetch(`${upstream.url}/fast`)).status).toBe(429)
    controller.abort()
    expect(await abandoned).toBe('abandoned')
    await expect.poll(() => clock.pendingTimers).toBe(0)
    await expect.poll(async () => (await fetch(`${upstream.url}/fast`)).status).toBe(200)
  })

  it('closes at once, whatever is under way', async () => {
    const upstream = await served()
    upstream.on('/**', { fault: 'hang' })
    const idle = net.connect(upstream.port, '127.0.0.1')
    idle.on('error', () => {})
    const [hanging] = await Promise.all([fetch(upstream.url).catch((error: unknown) => error), closeWhenAsked()])
    expect(hanging).toBeInstanceOf(TypeError)
    await upstream.close()

    async function closeWhenAsked(): Promise<void> {
      await expect.poll(() => upstream.requests.length).toBe(1)
      await upstream.close()
    }
  })

  it('is closed at the end of its block', async () => {
    let url = ''
    {
      await using upstream = await flakyUpstream()
      url = upstream.url
      expect((await fetch(url)).status).toBe(404)
    }
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it('refuses faults that a server which was reached cannot have, and unknown options', async () => {
    const upstream = await served()
    expect(() => upstream.on('/', { fault: 'dns_not_found' })).toThrow(InvalidOptionsError)
    expect(() => upstream.on('/', { fault: 'refused' })).toThrow('`stop()`')
    upstream.on('/', () => ({ fault: 'tls_expired' }))
    expect((await fetch(upstream.url)).status).toBe(500)
    await expect(flakyUpstream({ tls: 'rotten' as never })).rejects.toThrow(InvalidOptionsError)
    await expect(flakyUpstream({ https: true } as never)).rejects.toThrow(InvalidOptionsError)
  })
})

async function getWith(agent: http.Agent, url: string): Promise<void> {
  const [response] = (await once(http.get(url, { agent }), 'response')) as [http.IncomingMessage]
  response.resume()
  await once(response, 'close')
}

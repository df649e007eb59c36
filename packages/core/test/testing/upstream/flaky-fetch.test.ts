import { describe, expect, it } from 'vitest'
import { InvalidOptionsError } from '../../../src/index.ts'
import { fakeClock, flakyFetch, seededRandom, type UpstreamStep } from '../../../src/testing/index.ts'

const origin = 'https://api.example.com'

describe('flakyFetch', () => {
  it('takes the steps of a route in order and repeats the last', async () => {
    const { fetch } = flakyFetch().on('GET /items/:id', [{ status: 503 }, { body: { id: 1 } }])
    const answers: unknown[] = []
    for (let call = 0; call < 3; call++) {
      const response = await fetch(`${origin}/items/1?x=2`)
      answers.push([response.status, response.headers.get('content-type'), await response.text()])
    }
    const found = [200, 'application/json', '{"id":1}']
    expect(answers).toEqual([[503, null, ''], found, found])
  })

  it('looks at method and path, and at the routes that were added last first', async () => {
    const { fetch } = flakyFetch()
      .on('/**', { body: 'any' })
      .on('POST /a/*', { body: 'post' })
      .on('/a/special', { body: 'special' })
    const texts: string[] = []
    for (const [method, path] of [
      ['GET', '/a/1'],
      ['POST', '/a/1'],
      ['POST', '/a/1/b'],
      ['POST', '/a/special'],
    ])
      texts.push(await (await fetch(`${origin}${path}`, { method: method ?? '' })).text())
    expect(texts).toEqual(['any', 'post', 'any', 'special'])
  })

  it('answers 404 and says so where nothing was scripted', async () => {
    const response = await flakyFetch().fetch(`${origin}/a`)
    expect([response.status, await response.json()]).toEqual([404, { error: 'No reply was scripted for GET /a.' }])
  })

  it('begins a route again that is scripted again', async () => {
    const upstream = flakyFetch().on('/a', [{ status: 500 }, { status: 501 }])
    await upstream.fetch(`${origin}/a`)
    upstream.on('/a', [{ status: 502 }, { status: 503 }])
    expect((await upstream.fetch(`${origin}/a`)).status).toBe(502)
  })

  it('asks a function with the request, and answers 500 with what it throws', async () => {
    const { fetch } = flakyFetch()
      .on('POST /echo', ({ text, headers }) => ({ body: `${headers['x-a']} ${text}` }))
      .on('/wrong', () => {
        throw new Error('no such row')
      })
    const init = { method: 'post', headers: { 'X-A': '1' }, body: 'hé' }
    expect(await (await fetch(`${origin}/echo`, init)).text()).toBe('1 hé')
    const wrong = await fetch(`${origin}/wrong`)
    expect([wrong.status, await wrong.json()]).toEqual([500, { error: 'The step threw: no such row' }])
  })

  it('keeps what it has seen until it is reset', async () => {
    const clock = fakeClock(1_000)
    const upstream = flakyFetch({ clock }).on('/**', [{}, { fault: 'reset' }])
    await upstream.fetch(new Request(`${origin}/a?b=c`, { method: 'PUT', headers: { A: '1' }, body: 'x' }))
    await clock.advance(5)
    await upstream.fetch(`${origin}/b`).catch(() => {})
    expect(upstream.requests).toEqual([
      {
        method: 'PUT',
        url: `${origin}/a?b=c`,
        path: '/a',
        headers: { a: '1', 'content-type': 'text/plain;charset=UTF-8' },
        body: new Uint8Array([120]),
        text: 'x',
        atMs: 1_000,
        connection: 0,
        status: 200,
        fault: undefined,
        isRefused: false,
      },
      expect.objectContaining({ path: '/b', atMs: 1_005, fault: 'reset' }),
    ])
    upstream.reset()
    expect(upstream.requests).toEqual([])
    expect((await upstream.fetch(`${origin}/a`)).status).toBe(404)
  })

  it('disturbs a part of the requests, the same ones each time, without moving the steps on', async () => {
    const run = async (seed: number): Promise<string> => {
      const upstream = flakyFetch({ random: seededRandom(seed) })
        .on('/**', [{ status: 201 }, { status: 202 }])
        .disturb('/a/**', { ratio: 0.5, replies: [{ status: 500 }, { status: 503 }] })
      for (let call = 0; call < 40; call++) await upstream.fetch(`${origin}/a/${call}`)
      return upstream.requests.map(({ status }) => status).join()
    }
    const first = await run(1)
    expect(await run(1)).toBe(first)
    expect(await run(2)).not.toBe(first)
    expect(first.match(/201/g)).toHaveLength(1)
    for (const [status, least, most] of [
      ['500', 4, 16],
      ['503', 4, 16],
      ['202', 12, 27],
    ] as const) {
      const seen = first.split(',').filter((text) => text === status).length
      expect(seen).toBeGreaterThanOrEqual(least)
      expect(seen).toBeLessThanOrEqual(most)
    }
  })

  it('sends a body piece by piece, each at its time', async () => {
    const clock = fakeClock()
    const { fetch } = flakyFetch({ clock }).on('/a', { body: 'abcde', bytesPerChunk: 2, chunkDelayMs: 10, delayMs: 5 })
    const pieces: [string, number][] = []
    const read = async (): Promise<void> => {
      const response = await fetch(`${origin}/a`)
      const decoder = new TextDecoder()
      for await (const piece of response.body ?? []) pieces.push([decoder.decode(piece), clock.monotonicMs()])
    }
    await clock.runUntil(read())
    expect(pieces).toEqual([
      ['ab', 15],
      ['cd', 25],
      ['e', 35],
    ])
  })

  it.each<[string, UpstreamStep]>([
    ['a late answer', { delayMs: 1_000 }],
    ['no answer', { fault: 'hang' }],
    ['a connection that does not come about', { fault: 'connect_timeout' }],
  ])('rejects with the reason of the signal while it waits for %s, and leaves no timer', async (_, step) => {
    const clock = fakeClock()
    const controller = new AbortController()
    const call = flakyFetch({ clock }).on('/a', step).fetch(`${origin}/a`, { signal: controller.signal })
    const rejection = call.catch((error: unknown) => error)
    await clock.flush()
    controller.abort('stop')
    expect(await rejection).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
  })

  it.each<[string, UpstreamStep]>([
    ['stalls', { body: 'ab', fault: 'body_stalls' }],
    ['has no end', { body: 'ab', fault: 'body_endless', chunkDelayMs: 10 }],
    ['drips', { body: 'abcd', bytesPerChunk: 1, chunkDelayMs: 1_000 }],
  ])('ends a body that %s with the reason of the signal, and leaves no timer', async (_, step) => {
    const clock = fakeClock()
    const controller = new AbortController()
    const { signal } = controller
    const response = await flakyFetch({ clock }).on('/a', step).fetch(`${origin}/a`, { signal })
    const text = response.text().catch((error: unknown) => error)
    await clock.advance(25)
    controller.abort('stop')
    expect(await text).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives up like undici when nothing comes for five minutes', async () => {
    const clock = fakeClock()
    const { fetch } = flakyFetch({ clock }).on('/a', { fault: 'hang' }).on('/b', { body: 'ab', fault: 'body_stalls' })
    await expect(clock.runUntil(fetch(`${origin}/a`))).rejects.toMatchObject({
      cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
    })
    const response = await fetch(`${origin}/b`)
    await expect(clock.runUntil(response.text())).rejects.toMatchObject({ cause: { code: 'UND_ERR_BODY_TIMEOUT' } })
    expect(clock.monotonicMs()).toBe(600_000)
  })

  it('counts limits by key and by cost, and refuses by the first that is used up without taking from the others', async () => {
    const clock = fakeClock()
    const upstream = flakyFetch({ clock })
      .on('/**', {})
      .limit('/**', { limit: 3, windowMs: 1_000, dialect: 'ratelimit_triple' })
      .limit('/search', {
        limit: 10,
        windowMs: 1_000,
        model: 'token_bucket',
        dialect: 'retry_after_ms',
        costOf: ({ text }) => Number(text),
        keyOf: ({ headers }) => headers.authorization ?? '',
      })
    const search = async (account: string, cost: number) => {
      const init = { method: 'POST', body: String(cost), headers: { authorization: account } }
      const { status, headers } = await upstream.fetch(`${origin}/search`, init)
      return [status, headers.get('ratelimit-remaining'), headers.get('retry-after-ms')]
    }
    expect([await search('a', 8), await search('a', 4), await search('b', 10)]).toEqual([
      [200, '2', null],
      [429, '2', '200'],
      [200, '1', null],
    ])
    await clock.advance(200)
    expect(await search('a', 4)).toEqual([200, '0', null])
    expect((await upstream.fetch(`${origin}/other`)).headers.get('retry-after')).toBe('1')
  })

  it('speaks a dialect of the test', async () => {
    const clock = fakeClock(1_000)
    const { fetch } = flakyFetch({ clock })
      .on('/**', { body: { ok: true }, headers: { 'x-acme-id': '7' } })
      .limit('/**', {
        limit: 1,
        dialect: {
          told: {
            headers: { 'x-acme-left': '{remaining}', 'x-acme-reset': '{reset_epoch_ms}' },
            body: { left: '{remaining}' },
          },
          refused: {
            status: 420,
            headers: { 'retry-after': '{wait_s}' },
            body: { error: 'slow_down', wait: '{wait_s_float}' },
          },
        },
      })
    const first = await fetch(`${origin}/a`)
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-acme-left': '0',
      'x-acme-reset': '61000',
      'x-acme-id': '7',
    })
    expect(await first.json()).toEqual({ left: 0, ok: true })
    const second = await fetch(`${origin}/a`)
    expect([second.status, second.headers.get('retry-after')]).toEqual([420, '60'])
    expect(await second.json()).toEqual({ left: 0, error: 'slow_down', wait: 60 })
  })

  it('holds a place of a concurrency limit until the body has ended, failed or was let go', async () => {
    const clock = fakeClock()
    const { fetch } = flakyFetch({ clock })
      .on('/whole', {})
      .on('/long', { body: 'ab', bytesPerChunk: 1 })
      .on('/cut', { body: 'ab', fault: 'body_cut' })
      .on('/reset', { fault: 'reset' })
      .limit('/**', { limit: 1, model: 'concurrency' })
    const statusOf = async (path: string): Promise<number> => (await fetch(origin + path)).status
    const long = await fetch(`${origin}/long`)
    expect(await statusOf('/whole')).toBe(429)
    await long.text()
    expect(await statusOf('/whole')).toBe(200)
    await expect(fetch(`${origin}/reset`)).rejects.toThrow('fetch failed')
    const cut = await fetch(`${origin}/cut`)
    await expect(cut.text()).rejects.toThrow('terminated')
    const other = await fetch(`${origin}/long`)
    expect([other.status, await statusOf('/whole')]).toEqual([200, 429])
    await other.body?.cancel()
    expect(await statusOf('/whole')).toBe(200)
  })

  it.each<[string, () => unknown]>([
    ['route', () => flakyFetch().on('items', {})],
    ['route', () => flakyFetch().on('get /items', {})],
    ['steps', () => flakyFetch().on('/', [] as never)],
    ['steps[1].status', () => flakyFetch().on('/', [{}, { status: 99 }])],
    ['steps[0].fault', () => flakyFetch().on('/', { fault: 'resett' as never })],
    ['steps[0].headers', () => flakyFetch().on('/', { headers: { a: 1 as never } })],
    ['steps[0].delay', () => flakyFetch().on('/', { delay: 1 } as never)],
    ['limit.dialect', () => flakyFetch().limit('/', { limit: 1, dialect: 'klingon' as never })],
    ['limit.limit', () => flakyFetch().limit('/', { limit: 0 })],
    ['limit.limit', () => flakyFetch().limit('/', { windowMs: 1_000 } as never)],
    ['disturbance.ratio', () => flakyFetch().disturb('/', { replies: [{}] } as never)],
    ['disturbance.replies', () => flakyFetch().disturb('/', { ratio: 1 } as never)],
    ['disturbance.ratio', () => flakyFetch().disturb('/', { ratio: 2, replies: [{}] })],
    ['disturbance.replies[0].status', () => flakyFetch().disturb('/', { ratio: 1, replies: [{ status: 1 }] })],
  ])('refuses a wrong %s', (path, make) => {
    expect(make).toThrow(InvalidOptionsError)
    expect(make).toThrow(expect.objectContaining({ path }))
  })
})

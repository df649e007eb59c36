import { describe, expect, it } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

describe('createGateway: proxy', () => {
  it('passes requests on and hands back what the target answers', async () => {
    const { post, target, gateway } = await gatewayFixture()
    expect(await post('a-1')).toEqual({ status: 201, text: 'took a-1' })
    expect(target.sent).toEqual(['a-1'])
    expect(gateway.snapshot()).toMatchObject({ mode: 'proxy', forwarded: 1, captured: 0, backlog: 0 })
  })

  it('hands back refusals of the target too, for they are answers', async () => {
    const { post, target } = await gatewayFixture()
    target.answer = () => new Response('no such thing', { status: 422 })
    expect(await post('a-1')).toEqual({ status: 422, text: 'no such thing' })
    target.answer = () => new Response('bug', { status: 500 })
    expect(await post('a-2')).toEqual({ status: 500, text: 'bug' })
  })

  it.each([429, 502, 503, 504])('stores a request that the target answers with %d, and delivers it', async (status) => {
    const { post, target, gateway, clock, heard } = await gatewayFixture()
    const answers = [new Response(null, { status }), new Response(null, { status: 204 })]
    target.answer = () => answers.shift() as Response
    expect(await post('a-1')).toEqual({ status: 200, text: '{"status":"accepted"}' })
    expect(heard.of('gateway:captured')).toMatchObject([{ reason: 'target_failed' }])
    await clock.runUntil(gateway.drained())
    expect(target.sent).toEqual(['a-1', 'a-1'])
    expect(gateway.snapshot()).toMatchObject({ mode: 'proxy', delivered: 1, backlog: 0 })
  })

  it('stores a request whose connection breaks, or that takes longer than the time limit', async () => {
    const { post, target, gateway, clock } = await gatewayFixture({ timeoutMs: 3_000 })
    const { answer } = target
    target.answer = () => Promise.reject(new TypeError('fetch failed'))
    expect((await post('a-1')).status).toBe(200)
    target.answer = (_, request) =>
      new Promise((_resolve, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
    const slow = post('b-1')
    expect((await clock.runUntil(slow)).status).toBe(200)
    target.answer = answer
    await clock.runUntil(gateway.drained())
    expect(target.taken.toSorted()).toEqual(['a-1', 'b-1'])
  })

  it('answers 503 to a question that the target cannot answer', async () => {
    const { gateway, target } = await gatewayFixture()
    const get = { method: 'GET', url: '/status', headers: [], body: null }
    expect((await gateway.accept(get)).status).toBe(201)
    target.answer = () => new Response(null, { status: 503 })
    const reply = await gateway.accept(get)
    expect(reply.status).toBe(503)
    expect(Object.fromEntries(reply.headers)).toMatchObject({ 'retry-after': '5' })
  })
})

describe('createGateway: buffer', () => {
  it('stores everything while the target is unhealthy, and sends it nothing', async () => {
    const target = fakeTarget()
    target.healthy = false
    const { post, gateway, heard } = await gatewayFixture({}, target)
    for (const body of ['a-1', 'b-1', 'a-2']) expect((await post(body)).status).toBe(200)
    expect(target.sent).toEqual([])
    expect(gateway.snapshot()).toMatchObject({ mode: 'buffer', healthy: false, backlog: 3, captured: 3 })
    expect(heard.of('gateway:mode-changed')).toEqual([{ from: undefined, to: 'buffer', cause: 'started', backlog: 0 }])
  })

  it('answers with the status that it was given', async () => {
    const target = fakeTarget()
    target.healthy = false
    const { post } = await gatewayFixture({ captureStatus: 204 }, target)
    expect(await post('a-1')).toEqual({ status: 204, text: '' })
  })

  it('answers 503 and forgets the request when it cannot be stored', async () => {
    const { post, gateway, buffer, target, clock, quiet } = await gatewayFixture()
    gateway.hold()
    await buffer.close()
    expect((await post('a-1')).status).toBe(503)
    expect(gateway.snapshot()).toMatchObject({ backlog: 0, captured: 0, refused: 1 })
    await buffer.open()
    gateway.release()
    await clock.advance(5_000)
    await quiet()
    expect(target.sent).toEqual([])
  })

  it('stores while it is held, whatever the probes say, and delivers after its release', async () => {
    const { post, gateway, target, clock, heard } = await gatewayFixture()
    gateway.hold()
    await post('a-1')
    await clock.advance(10_000)
    expect(target.sent).toEqual([])
    gateway.release()
    await clock.runUntil(gateway.drained())
    expect(target.taken).toEqual(['a-1'])
    expect(heard.of('gateway:mode-changed').map(({ to, cause }) => `${to}: ${cause}`)).toEqual([
      'proxy: started',
      'buffer: held',
      'drain: released',
      'proxy: drained',
    ])
  })

  it('takes no more than its memory, and says when to come again', async () => {
    const { gateway, target, quiet } = await gatewayFixture({ maxInFlightBytes: 10 })
    let release = (): void => {}
    target.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(new Response(null, { status: 204 }))
      })
    const send = () =>
      gateway.accept({ method: 'POST', url: '/', headers: [['content-length', '8']], body: new Uint8Array(8) })
    const first = send()
    await quiet()
    const second = await send()
    expect(second.status).toBe(503)
    expect(Object.fromEntries(second.headers)).toMatchObject({ 'retry-after': '1' })
    release()
    expect((await first).status).toBe(204)
    const third = send()
    await quiet()
    release()
    expect((await third).status).toBe(204)
    // What was refused is not waited for: the clock stands still.
    await gateway.stop()
  })
})

describe('createGateway: drain', () => {
  it('delivers in the order of arrival, and lets other keys pass meanwhile', async () => {
    const target = fakeTarget()
    const fixture = await gatewayFixture({}, target)
    const { post, gateway, clock, quiet } = fixture
    gateway.hold()
    for (const body of ['a-1', 'a-2', 'b-1']) await post(body)
    const held: (() => void)[] = []
    target.answer = (body) =>
      body.startsWith('a')
        ? new Promise((resolve) => held.push(() => resolve(new Response(null, { status: 204 }))))
        : new Response(null, { status: 204 })
    gateway.release()
    await quiet()
    expect(target.sent).toEqual(['a-1', 'b-1'])
    expect(gateway.snapshot()).toMatchObject({ mode: 'drain', backlog: 2 })
    expect((await post('c-1')).status).toBe(204)
    expect((await post('b-2')).status).toBe(204)
    expect((await post('a-3')).status).toBe(200)
    expect(fixture.heard.of('gateway:captured').map(({ reason }) => reason)).toEqual([
      'target_unhealthy',
      'target_unhealthy',
      'target_unhealthy',
      'key_waiting',
    ])
    target.answer = () => new Response(null, { status: 204 })
    for (const release of held) release()
    await clock.runUntil(gateway.drained())
    expect(target.taken.filter((body) => body.startsWith('a'))).toEqual(['a-1', 'a-2', 'a-3'])
    expect(gateway.snapshot().mode).toBe('proxy')
  })

  it('tells the target which requests are repeats of stored ones', async () => {
    const { post, gateway, target, clock } = await gatewayFixture()
    gateway.hold()
    await post('a-1', [['X-Signature', 'abc']])
    gateway.release()
    await clock.runUntil(gateway.drained())
    expect(Object.fromEntries(target.headersOf.get('a-1') ?? [])).toMatchObject({
      'x-signature': 'abc',
      'holdfast-attempt': '1',
      'holdfast-received-at': new Date(clock.now()).toISOString(),
    })
  })

  it('gives up a request that the target refuses for ever, and goes on with its key', async () => {
    const { post, gateway, target, clock, heard } = await gatewayFixture({ maxAttempts: 3 })
    gateway.hold()
    for (const body of ['a-bad', 'a-good']) await post(body)
    target.answer = (body) => new Response(null, { status: body === 'a-bad' ? 400 : 204 })
    gateway.release()
    await clock.runUntil(gateway.drained())
    expect(target.sent).toEqual(['a-bad', 'a-bad', 'a-bad', 'a-good'])
    expect(heard.of('delivery:dead-lettered')).toMatchObject([{ attempt: 3, error: { code: 'invalid_request' } }])
    expect(gateway.snapshot()).toMatchObject({ mode: 'proxy', deadLettered: 1, delivered: 1 })
  })

  it('goes back to storing when the target fails again, and delivers on recovery', async () => {
    const { post, gateway, target, clock, quiet, heard } = await gatewayFixture()
    const { answer } = target
    gateway.hold()
    for (let index = 0; index < 8; index++) await post(`k${index}-1`)
    target.answer = () => new Response(null, { status: 503 })
    target.healthy = false
    gateway.release()
    await quiet()
    expect(gateway.snapshot()).toMatchObject({ mode: 'buffer', backlog: 8 })
    target.answer = answer
    target.healthy = true
    await clock.runUntil(gateway.drained())
    expect(target.taken.toSorted()).toEqual(Array.from({ length: 8 }, (_, index) => `k${index}-1`))
    const causes = heard.of('gateway:mode-changed').map(({ to, cause }) => `${to}: ${cause}`)
    expect(causes.slice(-4)).toEqual(['drain: released', 'buffer: live_failures', 'drain: probes', 'proxy: drained'])
  })

  it('lets nothing pass what an earlier run left, whatever its key', async () => {
    const first = await gatewayFixture()
    first.gateway.hold()
    for (const body of ['a-1', 'b-1']) await first.post(body)
    await first.gateway.stop()
    const { target, clock, buffer } = first
    const held: (() => void)[] = []
    const { answer } = target
    target.answer = (body, request) =>
      new Promise((resolve) => held.push(() => resolve(answer(body, request) as Response)))
    const second = await gatewayFixture({ buffer }, target, clock)
    expect(second.gateway.snapshot()).toMatchObject({ mode: 'drain', backlog: 2 })
    expect((await second.post('c-1')).status).toBe(200)
    target.answer = answer
    for (const release of held) release()
    await clock.runUntil(second.gateway.drained())
    expect(target.taken.toSorted()).toEqual(['a-1', 'b-1', 'c-1'])
    expect(second.gateway.snapshot()).toMatchObject({ mode: 'proxy', backlog: 0, delivered: 3 })
  })

  it('waits behind everything when it was given no ordering key', async () => {
    const clockedTarget = fakeTarget()
    const { gateway, post, target, clock } = await gatewayFixture({ orderingKey: () => '' }, clockedTarget)
    gateway.hold()
    await post('a-1')
    gateway.release()
    expect((await post('b-1')).status).toBe(200)
    await clock.runUntil(gateway.drained())
    expect(target.taken).toEqual(['a-1', 'b-1'])
  })
})

describe('createGateway: life', () => {
  it('answers 503 before the start and after the stop', async () => {
    const gateway = createGateway({ target: 'http://service.internal', buffer: memoryBuffer() })
    const request = { method: 'POST', url: '/', headers: [], body: null }
    expect((await gateway.accept(request)).status).toBe(503)
    await gateway.stop()
    expect((await gateway.accept(request)).status).toBe(503)
    await expect(gateway.start()).rejects.toMatchObject({ code: 'configuration_error', reason: 'gateway_stopped' })
  })

  it('can be started again after the buffer could not be opened', async () => {
    const buffer = memoryBuffer()
    await buffer.open()
    const gateway = createGateway({
      target: 'http://service.internal',
      buffer: { ...buffer, open: () => Promise.reject(new Error('locked')) },
    })
    await expect(gateway.start()).rejects.toThrow('locked')
    await expect(gateway.start()).rejects.toThrow('locked')
    expect(gateway.snapshot().state).toBe('created')
  })

  it('lets requests under way finish before it stops', async () => {
    const { gateway, target, post, quiet } = await gatewayFixture()
    let answer = (): void => {}
    target.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve(new Response('late', { status: 200 }))
      })
    const reply = post('a-1')
    await quiet()
    const stopped = gateway.stop()
    answer()
    expect(await reply).toEqual({ status: 200, text: 'late' })
    await stopped
    expect(gateway.snapshot().state).toBe('stopped')
  })

  it('speaks Request and Response too', async () => {
    const { gateway } = await gatewayFixture()
    const response = await gateway.handle(new Request('http://edge/hooks', { method: 'POST', body: 'a-1' }))
    expect(response.status).toBe(201)
    expect(response.headers.get('x-answered-by')).toBe('target')
    expect(await response.text()).toBe('took a-1')
  })

  it.each([
    [{ target: 'service.internal' }, /`target`.*http:\/\//],
    [{ target: 'http://user:secret@service' }, /`target`/],
    [{ health: { failures: 4 } }, /`health\.failures`.*at most/],
    [{ health: { path: 'health' } }, /`health\.path`/],
    [{ captureStatuses: [200] }, /captureStatuses/],
  ])('refuses %j', (wrong, message) => {
    const options = { target: 'http://service.internal', buffer: memoryBuffer(), ...wrong }
    expect(() => createGateway(options)).toThrow(message)
    expect(() => createGateway(options)).not.toThrow(/secret/)
  })
})

describe('the rate of createGateway', () => {
  it('is kept with what was stored; what comes passes at once', async () => {
    const { target, post, gateway, clock, quiet } = await gatewayFixture({ ratePerSecond: 10 })
    gateway.hold()
    for (let number = 0; number < 20; number++) await post(`k${number}-1`)
    gateway.release()
    await quiet()
    const taken: number[] = []
    for (let tenths = 0; tenths < 10; tenths++) {
      taken.push(target.taken.length)
      await clock.advance(100)
      await quiet()
    }
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect((await post('other-1')).status).toBe(201)
    await clock.runUntil(gateway.drained())
    await gateway.stop()
  })
})

import { describe, expect, it } from 'vitest'
import { bodyFactoryOf, replayableBody } from '../../src/body/replayable-body.ts'

describe('replayableBody', () => {
  it('asks for nothing before somebody reads', () => {
    let made = 0
    replayableBody(() => `${made++}`)
    expect(made).toBe(0)
  })

  it.each([
    ['a string', () => 'hello'],
    ['a promise', () => Promise.resolve('hello')],
    ['bytes', () => new TextEncoder().encode('hello')],
    ['a Blob', () => new Blob(['hel', 'lo'])],
    ['a stream', () => new Blob(['hello']).stream()],
    ['a form', () => new URLSearchParams('hello')],
  ])('reads as a stream of what the function makes: %s', async (_, make) => {
    expect((await new Response(replayableBody(make)).text()).replace('=', '')).toBe('hello')
  })

  it('fails as a stream with what the function throws', async () => {
    const error = new Error('no such file')
    const reader = replayableBody(() => Promise.reject(error)).getReader()
    await expect(reader.read()).rejects.toBe(error)
  })

  it('cancels what the function made when the reader cancels', async () => {
    let reason: unknown
    const make = () =>
      new ReadableStream({ pull: (part) => part.enqueue(new Uint8Array(1)), cancel: (why) => (reason = why) })
    const reader = replayableBody(make).getReader()
    await reader.read()
    await reader.cancel('enough')
    expect(reason).toBe('enough')
  })

  it('tells a function that is still at work that its body is not needed, and frees what it makes all the same', async () => {
    let cancelled = 0
    let finish: (body: ReadableStream<Uint8Array>) => void = () => {}
    let signal: AbortSignal | undefined
    const body = replayableBody((request) => {
      signal = request.signal
      return new Promise<ReadableStream<Uint8Array>>((resolve) => (finish = resolve))
    })
    const reader = body.getReader()
    const read = reader.read()
    // A stream starts on a later turn.
    await new Promise((resolve) => setImmediate(resolve))
    await reader.cancel('enough')
    expect(signal?.reason).toBe('enough')
    finish(new ReadableStream({ cancel: () => void cancelled++ }))
    await read
    await new Promise((resolve) => setImmediate(resolve))
    expect(cancelled).toBe(1)
  })

  it('is known by its function, and no other body is', () => {
    const make = () => 'x'
    expect(bodyFactoryOf(replayableBody(make))).toBe(make)
    for (const body of ['x', null, undefined, 1, {}, new ReadableStream()]) expect(bodyFactoryOf(body)).toBeUndefined()
  })
})

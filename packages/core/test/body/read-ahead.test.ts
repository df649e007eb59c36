import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readAhead } from '../../src/body/read-ahead.ts'

function streamOf(...parts: unknown[]): ReadableStream<unknown> {
  return new ReadableStream({
    pull: (controller) => {
      if (parts.length > 0) controller.enqueue(parts.shift())
      else controller.close()
    },
  })
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>): Promise<string> =>
  new Response(body).text()

describe('readAhead', () => {
  it.each([
    ['a stream', () => streamOf(bytes('hel'), bytes('lo'))],
    ['a stream of Node.js', () => Readable.from([bytes('hel'), bytes('lo')])],
    [
      'a generator',
      async function* () {
        yield bytes('hel')
        yield await Promise.resolve(bytes('lo'))
      },
    ],
  ])('keeps %s of exactly as many bytes as allowed', async (_, body) => {
    const kept = await readAhead(body(), 5).result
    expect(kept).toEqual(new Uint8Array(bytes('hello')))
  })

  it('keeps an empty stream', async () => {
    expect(await readAhead(streamOf(), 1).result).toEqual(new Uint8Array())
  })

  it('makes a stream of the whole when there is one byte too many', async () => {
    const body = await readAhead(streamOf(bytes('hel'), bytes('lo'), bytes('!')), 4).result
    expect(body).toBeInstanceOf(ReadableStream)
    expect(await textOf(body)).toBe('hello!')
  })

  it('reads no further ahead than the limit asks for', async () => {
    let read = 0
    const endless = new ReadableStream(
      { pull: (part) => part.enqueue(new Uint8Array(++read && 10)) },
      { highWaterMark: 0 },
    )
    await readAhead(endless, 25).result
    expect(read).toBe(3)
  })

  it('leaves a failure of the stream to whoever sends it, after the part that was read', async () => {
    const error = new Error('disk')
    let pulls = 0
    const failing = new ReadableStream({
      pull: (controller) => (pulls++ === 0 ? controller.enqueue(bytes('a')) : controller.error(error)),
    })
    const reader = ((await readAhead(failing, 100).result) as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).value).toEqual(bytes('a'))
    await expect(reader.read()).rejects.toBe(error)
  })

  it('passes on what is no bytes, which is not for it to refuse', async () => {
    const reader = ((await readAhead(streamOf('text'), 100).result) as ReadableStream<unknown>).getReader()
    expect((await reader.read()).value).toBe('text')
  })

  it('cancels the stream, before its end was reached and after', async () => {
    const reasons: unknown[] = []
    const endless = (): ReadableStream =>
      new ReadableStream({ pull: () => {}, cancel: (why) => void reasons.push(why) })
    const waiting = readAhead(endless(), 10)
    waiting.cancel('stop')
    const long = new ReadableStream({
      pull: (part) => part.enqueue(new Uint8Array(20)),
      cancel: (why) => void reasons.push(why),
    })
    await ((await readAhead(long, 10).result) as ReadableStream).cancel('enough')
    expect(reasons).toEqual(['stop', 'enough'])
  })
})

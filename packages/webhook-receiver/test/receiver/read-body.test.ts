import { describe, expect, test } from 'vitest'
import { readBody } from '../../src/receiver/read-body.ts'

describe('readBody', () => {
  test('returns bytes that are there already without a copy', async () => {
    const body = Uint8Array.of(1, 2)
    expect(await readBody(body, [], 2)).toBe(body)
  })

  test('joins chunks in order', async () => {
    expect(await readBody(chunks([1], [], [2, 3]), [], 3)).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('copies what follows the first chunk at once, so that a million tiny chunks cost what they hold', async () => {
    const reused = new Uint8Array(1)
    const body = (async function* () {
      yield Uint8Array.of(0)
      for (let byte = 1; byte < 100; byte++) yield reused.fill(byte)
    })()
    expect(await readBody(body, [], 100)).toEqual(Uint8Array.from({ length: 100 }, (_, byte) => byte))
  })

  test('takes a body of exactly the limit, and leaves the first chunk as it was', async () => {
    const pool = Uint8Array.of(1, 2, 9, 9)
    const body = (async function* () {
      yield pool.subarray(0, 2)
      yield new Uint8Array(0)
      yield Uint8Array.of(3)
    })()
    expect(await readBody(body, [], 3)).toEqual(Uint8Array.of(1, 2, 3))
    expect(pool).toEqual(Uint8Array.of(1, 2, 9, 9))
  })

  test.each([
    ['null', null],
    ['no chunks', chunks()],
  ])('reads %s as an empty body', async (_title, body) => {
    expect(await readBody(body, [], 1)).toEqual(new Uint8Array(0))
  })

  test('refuses a declared length above the limit before the first byte', async () => {
    let pulled = false
    const body = (async function* () {
      pulled = true
      yield Uint8Array.of(1)
    })()
    await expect(readBody(body, [['Content-Length', '11']], 10)).rejects.toMatchObject({
      status: 413,
      reason: 'body_too_large',
    })
    expect(pulled).toBe(false)
  })

  test('stops at the first chunk that passes the limit, whatever length was declared', async () => {
    let pulls = 0
    const body = (async function* () {
      while (true) {
        pulls++
        yield new Uint8Array(4)
      }
    })()
    await expect(readBody(body, [['content-length', '1']], 10)).rejects.toMatchObject({ status: 413 })
    expect(pulls).toBe(3)
  })

  test('refuses a stream that breaks as aborted, with the cause', async () => {
    const cause = new Error('ECONNRESET')
    const body = (async function* () {
      yield Uint8Array.of(1)
      throw cause
    })()
    await expect(readBody(body, [], 10)).rejects.toMatchObject({ status: 400, reason: 'body_aborted', cause })
  })

  test('refuses text, whose bytes nobody knows', async () => {
    const body = new Response('text').body?.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<Uint8Array>
    await expect(readBody(body, [], 10)).rejects.toMatchObject({ status: 500, reason: 'raw_body_unavailable' })
  })
})

async function* chunks(...parts: readonly (readonly number[])[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Uint8Array.from(part)
}

import { describe, expect, it } from 'vitest'
import { readBoundedText } from '../../src/fetch/bounded-text.ts'

describe('readBoundedText', () => {
  it('reads text over the borders of its chunks', async () => {
    const bytes = new TextEncoder().encode('a€b')
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await readBoundedText(body)).toBe('a€b')
  })

  it('reads 64 KiB, and gives up what is larger', async () => {
    expect(await readBoundedText(new Blob(['x'.repeat(65_536)]).stream())).toHaveLength(65_536)
    let canceled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
      cancel: () => void (canceled = true),
    })
    expect(await readBoundedText(endless)).toBeUndefined()
    expect(canceled).toBe(true)
  })

  it('gives what came so far when its patience ends', async () => {
    const patience = new AbortController()
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Uint8Array.of(97)) })
    const text = readBoundedText(body, patience.signal)
    setImmediate(() => patience.abort())
    expect(await text).toBe('a')
  })

  it('throws what breaks the body', async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('broken')) })
    await expect(readBoundedText(body)).rejects.toThrow('broken')
  })
})

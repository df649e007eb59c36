import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { bufferConformance } from '../../src/testing/buffer-conformance.ts'
import type { BufferHarness } from '../../src/testing/conformance/conformance-case.ts'

/** @param makeClock - `undefined`: in real time. */
function harness(partitions: number, makeClock: typeof fakeClock | undefined): BufferHarness {
  return {
    async create() {
      const clock = makeClock?.()
      const buffer = memoryBuffer({ partitions, maxEventBytes: 2 * 1024 * 1024, ...(clock && { clock }) })
      return {
        buffer,
        async reopen() {
          await buffer.close()
          await buffer.open()
          return buffer
        },
        ...(clock && { advance: (ms: number) => clock.advance(ms) }),
        dispose: () => buffer.close(),
      }
    },
  }
}

describe('memoryBuffer', () => {
  describe.each([1, 4])('with %i partitions', (partitions) => {
    for (const { title, run } of bufferConformance) test(title, () => run(harness(partitions, fakeClock)))
  })

  // Leases end, and nobody can let the time pass: as on a server with a clock of its own.
  describe('in real time', () => {
    for (const { title, run } of bufferConformance) test(title, () => run(harness(4, undefined)))
  })

  test('says that it is in memory', () => {
    expect(memoryBuffer({ partitions: 3 }).caps).toEqual({
      durability: 'memory',
      partitions: 3,
      multiProcess: false,
      maxEventBytes: 16 * 1024 * 1024,
      dedupeWindowMs: 72 * 3_600_000,
      transactionalAck: false,
      asideMarks: true,
    })
  })

  test('refuses to be opened while it is open', async () => {
    const buffer = memoryBuffer()
    await buffer.open()
    await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
  })

  test('refuses options out of range', () => {
    expect(() => memoryBuffer({ partitions: 0 })).toThrow(
      'Expected `partitions` to be an integer from 1 to 1024, got `0` (number).',
    )
  })

  test('lists an event once that is given up twice, as after an answer that was lost', async () => {
    const buffer = memoryBuffer()
    await buffer.open()
    await buffer.append([
      { id: 'evt', source: 'shop', receivedAt: 0, method: 'POST', url: '/', headers: [], body: new Uint8Array() },
    ])
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 1000 })
    const [entry] = await consumer.read(lease!, null, { limit: 1, maxBytes: 1, waitMs: 0 })
    const stored = entry?.kind === 'event' ? entry.event : undefined
    for (const attempts of [1, 2]) {
      await consumer.deadLetter(lease!, [
        { event: stored!, lane: 'a', redrives: 0, why: { attempts, at: 0, message: 'no' } },
      ])
    }
    expect((await buffer.stats()).consumers).toMatchObject([{ deadLetters: 1 }])
  })

  test('leaves no timer behind when a read that waits is over', async () => {
    const clock = fakeClock()
    const buffer = memoryBuffer({ clock })
    await buffer.open()
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 1000 })
    const controller = new AbortController()
    const read = consumer.read(lease!, null, { limit: 1, maxBytes: 1, waitMs: 5000, signal: controller.signal })
    expect(clock.pendingTimers).toBe(1)
    controller.abort(new Error('enough'))
    await expect(read).rejects.toThrow('enough')
    expect(clock.pendingTimers).toBe(0)
  })
})

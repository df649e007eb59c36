import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { LogEntry } from '../../src/buffer/event-buffer.ts'
import { createArrivals } from '../../src/buffer-kit/arrivals.ts'
import { createHandover, runsOf, type StoredRecord } from '../../src/buffer-kit/handover.ts'
import { createLogReads } from '../../src/buffer-kit/log-reads.ts'
import { positionOf } from '../../src/buffer-kit/position.ts'

const lease = { partition: 3, epoch: 8, expiresAt: Infinity }
const options = { limit: 10, maxBytes: 1_000, waitMs: 0, lingerMs: 100 }

/** Reads of partition 3 of a server that keeps what `store` says, and what `storeElsewhere` says another process has stored. */
function underTest(timeline = 'one'): {
  readonly clock: ReturnType<typeof fakeClock>
  /** Numbers of the events behind which the server was asked. */
  readonly asked: number[]
  readonly store: (...ids: string[]) => void
  readonly storeElsewhere: (id: string) => void
  /** Something is told that has no event for the reads. */
  readonly wakeAll: () => void
  readonly close: () => void
  readonly read: (after: number, more?: Partial<typeof options>) => Promise<string[]>
} {
  const clock = fakeClock()
  const stored: StoredRecord[] = []
  const asked: number[] = []
  let isOpen = true
  const handover = createHandover(clock)
  const arrivals = createArrivals({ clock, pollMs: 1_000, lastSeqs: async () => new Map([[3, stored.length]]) })
  const reads = createLogReads({
    arrivals,
    handover,
    requireOpen() {
      if (!isOpen) throw new BufferError('buffer_closed', 'It is closed.')
    },
    async ask({ after, limit }) {
      asked.push(after)
      return stored.slice(after, after + limit).map(({ event }, index) => {
        const place = { partition: 3, position: positionOf(after + index + 1) }
        return { kind: 'event', event: { ...event, ...place, body: new Uint8Array(event.body) } }
      })
    },
  })
  reads.leased(lease, 'one')
  return {
    clock,
    asked,
    store(...ids) {
      const records = ids.map(recordOf)
      const seqs = records.map((record) => stored.push(record))
      for (const run of runsOf(records, seqs)) handover.offer(run, timeline)
      arrivals.announce(3, stored.length)
    },
    storeElsewhere: (id) => void stored.push(recordOf(id)),
    wakeAll: () => arrivals.wakeAll(),
    close: () => (isOpen = false),
    read: async (after, more) =>
      idsOf(await reads.read(lease, after === 0 ? null : positionOf(after), { ...options, ...more })),
  }
}

function recordOf(id: string): StoredRecord {
  const event = { id, source: 's', receivedAt: 1, method: 'POST', url: '/', headers: [], body: Buffer.from('12345') }
  return { partition: 3, event, body: Buffer.from(event.body) }
}

function idsOf(entries: readonly LogEntry[]): string[] {
  return entries.map((entry) => (entry.kind === 'event' ? `${Number(entry.event.position)} ${entry.event.id}` : 'hole'))
}

describe('createLogReads', () => {
  it('take what this process stores while they wait, and do not ask for it', async () => {
    const { read, store, asked } = underTest()
    const waiting = read(0, { waitMs: 500 })
    await Promise.resolve()
    store('a', 'b')
    expect(await waiting).toEqual(['1 a', '2 b'])
    expect(asked).toEqual([0])
  })

  it('wait for the next while one follows the other, and ask when none does', async () => {
    const { clock, read, store, asked } = underTest()
    store('a')
    await clock.advance(90)
    store('b')
    const next = read(2)
    await clock.advance(60)
    store('c')
    expect(await next).toEqual(['3 c'])
    expect(asked).toEqual([])
    expect(await clock.runUntil(read(3))).toEqual([])
    expect(clock.monotonicMs()).toBe(250)
    expect(asked).toEqual([3])
  })

  it('ask at once where events come now and then, or where they are behind', async () => {
    const { clock, read, store, asked } = underTest()
    store('a')
    await clock.advance(101)
    store('b')
    expect(await read(2)).toEqual([])
    await clock.advance(100)
    store('c')
    expect(await read(1)).toEqual(['2 b', '3 c'])
    expect(asked).toEqual([2, 1])
  })

  it('do not wait where they must not', async () => {
    const { read, store, asked } = underTest()
    store('a')
    store('b')
    expect(await read(2, { lingerMs: 0 })).toEqual([])
    expect(asked).toEqual([2])
  })

  it('ask for what another process has stored in between', async () => {
    const { read, store, storeElsewhere, asked } = underTest()
    const waiting = read(0, { waitMs: 500 })
    await Promise.resolve()
    storeElsewhere('a')
    store('b')
    expect(await waiting).toEqual(['1 a', '2 b'])
    expect(asked).toEqual([0, 0])
  })

  it('find what another process stores while they wait for more of this one', async () => {
    const { clock, read, store, storeElsewhere } = underTest()
    store('a')
    store('b')
    const next = read(2)
    storeElsewhere('c')
    expect(await clock.runUntil(next)).toEqual(['3 c'])
    expect(clock.monotonicMs()).toBeLessThan(10)
  })

  it('ask once when they are woken for nothing, and go on to wait', async () => {
    const { clock, read, store, wakeAll, asked } = underTest()
    store('a')
    store('b')
    const next = read(2, { waitMs: 500 })
    await Promise.resolve()
    wakeAll()
    await clock.advance(200)
    expect(asked).toEqual([2])
    store('c')
    expect(await next).toEqual(['3 c'])
    expect(asked).toEqual([2])
  })

  it('do not begin once the buffer is closed', async () => {
    const { clock, read, store, close } = underTest()
    store('a')
    store('b')
    close()
    await expect(read(2)).rejects.toMatchObject({ reason: 'buffer_closed' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('take no more than was wanted, and ask for the rest', async () => {
    for (const less of [{ limit: 2 }, { maxBytes: 6 }]) {
      const { read, store, asked } = underTest()
      const waiting = read(0, { waitMs: 500, ...less })
      await Promise.resolve()
      store('a', 'b', 'c')
      expect(await waiting).toEqual(['1 a', '2 b'])
      expect(await read(2)).toEqual(['3 c'])
      expect(asked).toEqual([0, 2])
    }
  })

  it('take nothing over from another timeline than that of the lease', async () => {
    const { read, store, asked } = underTest('two')
    const waiting = read(0, { waitMs: 500 })
    await Promise.resolve()
    store('a')
    store('b')
    expect(await waiting).toEqual(['1 a', '2 b'])
    expect(await read(2)).toEqual([])
    expect(asked).toEqual([0, 0, 2])
  })
})

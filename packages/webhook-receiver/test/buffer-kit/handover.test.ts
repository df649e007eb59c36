import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import type { LogEntry, NewEvent } from '../../src/buffer/event-buffer.ts'
import { createHandover } from '../../src/buffer-kit/handover.ts'

const asked = { partition: 3, timeline: 'one', after: 6, limit: 10, maxBytes: 1_000 }

function eventIn(entry: LogEntry | undefined): unknown {
  return entry?.kind === 'event' ? entry.event : undefined
}

describe('createHandover', () => {
  it('hands each read an event of its own, with the bytes that were stored', () => {
    const handover = createHandover(fakeClock())
    const expected = [handover.expect(asked), handover.expect(asked)]
    const headers: [string, string][] = [['a', 'b']]
    const event = { id: 'evt', source: 's', receivedAt: 1, method: 'POST', url: '/', headers, body: Uint8Array.of(9) }
    handover.offer({ partition: 3, first: 7, records: [{ partition: 3, event, body: Uint8Array.of(1, 2) }] }, 'one')
    const [one, other] = expected.map(({ entries }) => eventIn(entries[0]) as NewEvent)
    const stored = { ...event, body: Uint8Array.of(1, 2), partition: 3, position: '0000000000000007' }
    expect(one).toEqual(stored)
    one?.body.fill(0)
    headers.push(['c', 'd'])
    expect(other).toEqual({ ...stored, headers: [['a', 'b']] })
  })

  it('hands over what would be read back where JSON makes something else of an event', () => {
    const handover = createHandover(fakeClock())
    const { entries } = handover.expect(asked)
    const body = Uint8Array.of(1)
    const event = { id: 'evt', source: 's', receivedAt: -0, method: 'POST', url: '/', headers: [], body }
    handover.offer({ partition: 3, first: 7, records: [{ partition: 3, event, body }] }, 'one')
    expect(eventIn(entries[0])).toMatchObject({ id: 'evt', receivedAt: 0 })
  })
})

import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/buffer/event-buffer.ts'
import { deliveredEvent } from '../../src/drain/delivered-event.ts'
import { event } from './drain-fixture.ts'

const stored = (fields: Partial<StoredEvent> = {}): StoredEvent => ({
  ...event('e'),
  body: new Uint8Array(),
  partition: 0,
  position: '1',
  ...fields,
})

describe('deliveredEvent', () => {
  test('has everything that is stored, with the headers as they came under rawHeaders', () => {
    const full = stored({
      tenant: 't',
      type: 'paid',
      eventId: 'p',
      occurredAt: 1,
      batch: { id: 'd', index: 0, size: 2 },
      remoteAddress: '::1',
      headers: [['X-A', '1']],
    })
    const { headers, ...rest } = full
    expect({ ...deliveredEvent(full) }).toEqual({ ...rest, rawHeaders: headers })
  })

  test('does not have what is not stored', () => {
    expect(Object.keys(deliveredEvent(stored()))).not.toContain('tenant')
  })

  test('reads the body as text and JSON, and parses it once', () => {
    const delivered = deliveredEvent(stored({ body: new TextEncoder().encode('{"name":"Zoë"}') }))
    expect(delivered.text()).toBe('{"name":"Zoë"}')
    expect(delivered.json()).toEqual({ name: 'Zoë' })
    expect(delivered.json()).toBe(delivered.json())
  })

  test('throws what JSON.parse throws for a body that is not JSON', () => {
    expect(() => deliveredEvent(stored({ body: new Uint8Array() })).json()).toThrow(SyntaxError)
  })

  test('joins repeated headers and leaves out what is no legal header', () => {
    const delivered = deliveredEvent(
      stored({
        headers: [
          ['X-A', '1'],
          ['x-a', '2'],
          ['bad name', 'x'],
        ],
      }),
    )
    expect([...delivered.headers]).toEqual([['x-a', '1, 2']])
    expect(delivered.rawHeaders).toHaveLength(3)
    expect(delivered.headers).toBe(delivered.headers)
  })
})

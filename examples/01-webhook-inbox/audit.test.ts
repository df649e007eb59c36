import { describe, expect, it } from 'vitest'
import { audit, type Figures, faults } from './audit.ts'
import type { ApplicationLine, LedgerLine, Records, SenderLine, UpstreamLine } from './records.ts'

const sent = (delivery: string, status: number | null, kind: SenderLine['kind'] = 'event'): SenderLine => ({
  at: 0,
  delivery,
  customer: delivery[0] ?? '',
  kind,
  status,
  sha256: `sha of ${delivery}`,
})
const called = (delivery: string, status = 200): UpstreamLine => ({
  at: 0,
  delivery,
  status,
  sha256: `sha of ${delivery}`,
  remaining: 1,
  resetAt: 0,
})
const booked = (delivery: string, position = delivery): LedgerLine => ({
  at: 0,
  delivery,
  position,
  sha256: `sha of ${delivery}`,
})
const started: ApplicationLine = { at: 0, what: 'started', pid: 1 }

function figuresOf(records: Partial<Records>): Figures {
  return audit({ sender: [], upstream: [], ledger: [], application: [], ...records })
}

describe('audit', () => {
  it('counts an event as lost where it was acknowledged and did not arrive', () => {
    const { destinations } = figuresOf({
      sender: [sent('a1', 200), sent('a2', 200)],
      upstream: [called('a1'), called('a2', 503)],
      ledger: [booked('a1'), booked('a2')],
    })
    expect(destinations.fulfilment).toMatchObject({ delivered: 1, lost: 1 })
    expect(destinations.ledger).toMatchObject({ delivered: 2, lost: 0 })
  })

  it('does not count an event as lost that was never acknowledged', () => {
    const figures = figuresOf({ sender: [sent('a1', null), sent('a2', 503), sent('a3', 401, 'forged')] })
    expect(figures).toMatchObject({ events: 0, unanswered: 2, refused: 1 })
    expect(figures.destinations.ledger.lost).toBe(0)
  })

  it('compares the order of first arrivals with the order of acknowledgements, customer by customer', () => {
    const sender = [sent('a1', 200), sent('b1', 200), sent('a2', 200), sent('b2', 200)]
    const inOrder = figuresOf({ sender, ledger: ['b1', 'b2', 'a1', 'a2', 'a1'].map((id) => booked(id)) })
    expect(inOrder.destinations.ledger).toMatchObject({ outOfOrder: 0, again: 1 })
    const reordered = figuresOf({ sender, ledger: ['b2', 'b1', 'a1', 'a2'].map((id) => booked(id)) })
    expect(reordered.destinations.ledger.outOfOrder).toBe(1)
  })

  it('tells a duplicate that was dropped from one that was stored', () => {
    const sender = [sent('a1', 200), sent('a1', 200, 'repeat'), sent('a2', 200), sent('a2', 200, 'repeat')]
    const figures = figuresOf({ sender, ledger: [booked('a1', '1'), booked('a2', '2'), booked('a2', '3')] })
    expect(figures).toMatchObject({ events: 2, duplicatesDropped: 1, duplicatesStored: 1 })
  })

  it('notices changed bytes and events that nobody sent', () => {
    const { destinations } = figuresOf({
      sender: [sent('a1', 200)],
      ledger: [{ ...booked('a1'), sha256: 'another' }, booked('a9')],
    })
    expect(destinations.ledger).toMatchObject({ altered: 1, unasked: 1 })
  })

  it('counts a start that no stop came before as a kill', () => {
    const stopped: ApplicationLine = { at: 0, what: 'stopped' }
    expect(figuresOf({ application: [started, started, stopped, started] }).kills).toBe(1)
  })
})

describe('faults', () => {
  const sender = Array.from({ length: 1_000 }, (_, index) => sent(`a${index}`, 200))
  const flawless: Records = {
    sender,
    upstream: sender.map(({ delivery }) => called(delivery)),
    ledger: sender.map(({ delivery }) => booked(delivery)),
    application: [started, started],
  }

  it('finds none in a run that lost nothing and reordered nothing', () => {
    expect(faults(audit(flawless))).toEqual([])
  })

  it.each<[string, Partial<Records>]>([
    ['1 acknowledged and not delivered to fulfilment', { upstream: flawless.upstream.slice(1) }],
    ['999 delivered to ledger out of order within a customer', { ledger: flawless.ledger.toReversed() }],
    ['1 requests with a wrong signature accepted', { sender: [...sender, sent('a0', 200, 'forged')] }],
    ['1 requests with a right signature refused', { sender: [...sender, sent('a9999', 401)] }],
    ["0 kills in the application's record; 1 was planned", { application: [started] }],
  ])('finds %s', (fault, change) => {
    expect(faults(audit({ ...flawless, ...change }))).toEqual([fault])
  })
})

import { describe, expect, it } from 'vitest'
import { type Audit, createAudit } from './audit.ts'
import type { DeliveryRecord } from './delivery-log.ts'

const destinations = {
  keyed: { concurrency: 2, redeliveriesPerKill: 2, order: 'key' },
  total: { concurrency: 1, redeliveriesPerKill: 1, order: 'total' },
} as const

function digestOf(key: string, seq: number): string {
  return `${key}${seq}`
}

/** Sends `count` events of a key and has them acknowledged at once. */
function accept(audit: Audit, key: string, count: number): void {
  for (let seq = 1; seq <= count; seq += 1) {
    audit.sent(key, seq, digestOf(key, seq))
    audit.acknowledged(key, seq)
  }
}

function write(
  audit: Audit,
  kind: DeliveryRecord['kind'],
  run: number,
  key: string,
  seq: number,
  overrides: Partial<DeliveryRecord> = {},
): void {
  const record = { kind, run, destination: 'keyed', key, seq, digest: digestOf(key, seq), id: `id-${key}-${seq}` }
  audit.delivered({ ...record, ...overrides })
}

function deliver(audit: Audit, run: number, key: string, seq: number, overrides: Partial<DeliveryRecord> = {}): void {
  write(audit, 'start', run, key, seq, overrides)
  write(audit, 'done', run, key, seq, overrides)
}

function deliverToBoth(audit: Audit, run: number, key: string, seq: number): void {
  deliver(audit, run, key, seq)
  deliver(audit, run, key, seq, { destination: 'total' })
}

function kinds(audit: Audit): string[] {
  return audit.violations.map((violation) => violation.kind)
}

describe('createAudit', () => {
  it('is content when everything is delivered once and in order', () => {
    const audit = createAudit(destinations)
    accept(audit, 'a', 3)
    for (let seq = 1; seq <= 3; seq += 1) deliverToBoth(audit, 1, 'a', seq)
    audit.ended(1, 'stopped')
    audit.finish(1)
    expect(audit.violations).toEqual([])
    expect(audit.counts()).toEqual({
      sent: 3,
      acknowledged: 3,
      started: { keyed: 3, total: 3 },
      redelivered: { keyed: 0, total: 0 },
      redeliveredAtMost: { keyed: 0, total: 0 },
      retried: { keyed: 0, total: 0 },
    })
  })

  it('finds an acknowledged event that was never delivered, and says which and where', () => {
    const audit = createAudit(destinations)
    accept(audit, 'a', 2)
    deliverToBoth(audit, 1, 'a', 1)
    deliver(audit, 1, 'a', 2)
    audit.finish(1)
    expect(audit.violations).toMatchObject([{ kind: 'lost', run: 1, destination: 'total', key: 'a', seq: 2 }])
  })

  it('finds an acknowledged event whose handler was interrupted and not repeated', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    write(audit, 'start', 1, 'a', 1)
    audit.ended(1, 'killed')
    audit.finish(2)
    expect(audit.violations).toMatchObject([{ kind: 'lost', key: 'a', seq: 1 }])
  })

  it('finds an interrupted event that its successor passed', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 2)
    write(audit, 'start', 1, 'a', 1)
    audit.ended(1, 'killed')
    deliver(audit, 2, 'a', 2)
    expect(audit.violations).toMatchObject([{ kind: 'lost', run: 2, key: 'a', seq: 1 }])
  })

  it('finds a failed event that its successor passed', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 2)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'failed', 1, 'a', 1)
    write(audit, 'start', 1, 'a', 2)
    expect(audit.violations).toMatchObject([{ kind: 'lost', key: 'a', seq: 1 }])
  })

  it('does not ask for an event that was never acknowledged, and takes one that was stored anyway', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    audit.sent('a', 1, 'a1')
    audit.sent('b', 1, 'b1')
    deliver(audit, 1, 'b', 1)
    audit.finish(1)
    expect(audit.violations).toEqual([])
  })

  it('finds two events of a key in the wrong order', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 2)
    deliver(audit, 1, 'a', 2)
    deliver(audit, 1, 'a', 1)
    expect(kinds(audit)).toEqual(['reordered', 'redelivered'])
  })

  it('finds two keys in another order than they were acknowledged in, where order is total', () => {
    const audit = createAudit({ total: destinations.total })
    accept(audit, 'a', 1)
    accept(audit, 'b', 1)
    deliver(audit, 1, 'b', 1, { destination: 'total' })
    deliver(audit, 1, 'a', 1, { destination: 'total' })
    expect(audit.violations).toMatchObject([{ kind: 'reordered', key: 'a', seq: 1 }])
  })

  it('takes any order of keys whose sending overlapped', () => {
    const audit = createAudit({ total: destinations.total })
    audit.sent('a', 1, 'a1')
    audit.sent('b', 1, 'b1')
    audit.acknowledged('a', 1)
    audit.acknowledged('b', 1)
    deliver(audit, 1, 'b', 1, { destination: 'total' })
    deliver(audit, 1, 'a', 1, { destination: 'total' })
    expect(audit.violations).toEqual([])
  })

  it('finds two handlers of a key at work at once', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 2)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'start', 1, 'a', 2)
    expect(kinds(audit)).toEqual(['overlapping'])
  })

  it('finds more handlers at work than the destination allows', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    for (const key of ['a', 'b', 'c']) {
      accept(audit, key, 1)
      write(audit, 'start', 1, key, 1)
    }
    expect(audit.violations).toMatchObject([{ kind: 'too_many_at_work', key: 'c', seq: 1 }])
  })

  it('does not count handlers that a kill ended as at work', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    for (const key of ['a', 'b', 'c']) accept(audit, key, 1)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'start', 1, 'b', 1)
    audit.ended(1, 'killed')
    write(audit, 'start', 2, 'c', 1)
    write(audit, 'start', 2, 'a', 1)
    expect(audit.violations).toEqual([])
  })

  it('finds an event that is at work twice', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'start', 1, 'a', 1)
    expect(kinds(audit)).toEqual(['overlapping'])
  })

  it('takes a repeat after a failure, in the same run and in a later one', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'failed', 1, 'a', 1)
    write(audit, 'start', 1, 'a', 1)
    write(audit, 'failed', 1, 'a', 1)
    audit.ended(1, 'stopped')
    deliver(audit, 2, 'a', 1)
    audit.finish(2)
    expect(audit.violations).toEqual([])
    expect(audit.counts().retried).toEqual({ keyed: 2 })
  })

  it('finds a second delivery in the run in which the first succeeded', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    deliver(audit, 1, 'a', 1)
    deliver(audit, 1, 'a', 1)
    expect(kinds(audit)).toEqual(['redelivered'])
  })

  it('takes a redelivery after a kill, whether the handler had finished or not', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    accept(audit, 'b', 1)
    deliver(audit, 1, 'a', 1)
    write(audit, 'start', 1, 'b', 1)
    audit.ended(1, 'killed')
    deliver(audit, 2, 'a', 1)
    deliver(audit, 2, 'b', 1)
    audit.finish(2)
    expect(audit.violations).toEqual([])
    expect(audit.counts().redelivered).toEqual({ keyed: 2 })
  })

  it('finds a redelivery of an event whose successor had been started', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 2)
    deliver(audit, 1, 'a', 1)
    write(audit, 'start', 1, 'a', 2)
    audit.ended(1, 'killed')
    deliver(audit, 2, 'a', 1)
    expect(audit.violations).toMatchObject([{ kind: 'redelivered', run: 2, key: 'a', seq: 1 }])
  })

  it('finds more redeliveries after one kill than can have been without a written ack', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    for (const key of ['a', 'b', 'c']) {
      accept(audit, key, 1)
      deliver(audit, 1, key, 1)
    }
    audit.ended(1, 'killed')
    for (const key of ['a', 'b', 'c']) deliver(audit, 2, key, 1)
    expect(audit.violations).toMatchObject([{ kind: 'too_many_redeliveries', run: 2, key: 'c', seq: 1 }])
  })

  it('finds any redelivery after a graceful stop', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    deliver(audit, 1, 'a', 1)
    audit.ended(1, 'stopped')
    deliver(audit, 2, 'a', 1)
    expect(kinds(audit)).toEqual(['redelivered'])
  })

  it('finds an event that nobody sent', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    deliver(audit, 1, 'a', 2)
    deliver(audit, 1, '?', 0)
    expect(kinds(audit)).toEqual(['phantom', 'phantom'])
  })

  it('finds a body that differs from what was sent', () => {
    const audit = createAudit({ keyed: destinations.keyed })
    accept(audit, 'a', 1)
    deliver(audit, 1, 'a', 1, { digest: 'other' })
    expect(kinds(audit)).toEqual(['corrupted'])
  })

  it('finds an event whose id differs between deliveries', () => {
    const audit = createAudit(destinations)
    accept(audit, 'a', 1)
    deliver(audit, 1, 'a', 1)
    deliver(audit, 1, 'a', 1, { destination: 'total', id: 'other' })
    expect(kinds(audit)).toEqual(['unstable_id'])
  })
})

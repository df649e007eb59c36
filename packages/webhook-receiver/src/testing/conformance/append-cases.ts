import assert from 'node:assert/strict'
import type { AppendResult, NewEvent } from '../../buffer/event-buffer.ts'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { idsOf, leaseOf, openDrained, readAll, readPartition, refusedWith } from './reading.ts'
import { sampleEvent, sampleEvents } from './sample-events.ts'

const allBytes: Uint8Array = Uint8Array.from({ length: 256 }, (_, index) => index)

/** What is stored, in which order, and what is not. */
export const appendCases: readonly ConformanceCase[] = [
  openCase('append answers each event of a call in its order, with rising positions', async ({ buffer }) => {
    const results = await buffer.append(sampleEvents(5))
    assert.deepEqual(
      results.map((result) => result.status),
      Array.from({ length: 5 }, () => 'appended'),
    )
    const positions = results.map((result) => result.position)
    assert.deepEqual(positions, positions.toSorted())
    assert.equal(new Set(positions).size, 5)
  }),

  openCase('append of nothing answers with nothing', async ({ buffer }) => {
    assert.deepEqual(await buffer.append([]), [])
  }),

  openCase('events with the same key share a partition, and every partition number is valid', async ({ buffer }) => {
    const keyed = await buffer.append(sampleEvents(20))
    assert.equal(new Set(keyed.map((result) => result.partition)).size, 1)
    const unkeyed = await buffer.append(Array.from({ length: 50 }, (_, index) => sampleEvent(`free_${index}`)))
    for (const { partition } of [...keyed, ...unkeyed])
      assert.ok(Number.isInteger(partition) && partition >= 0 && partition < buffer.caps.partitions)
  }),

  openCase('S7: events are read in the order of their appends', async ({ buffer }) => {
    const expected: string[] = []
    for (let call = 0; call < 10; call++) {
      const events = sampleEvents(3, `call_${call}_`)
      expected.push(...idsOf(events))
      await buffer.append(events)
    }
    const { consumer, leases } = await openDrained(buffer)
    assert.deepEqual(idsOf(await readAll(consumer, leases)), expected)
  }),

  openCase(
    'S7: concurrent appends are read in the order in which they resolved, each call in one piece',
    async ({ buffer }) => {
      const resolved: AppendResult[][] = []
      await Promise.all(
        Array.from({ length: 40 }, async (_, call) => {
          resolved.push(await buffer.append(sampleEvents(3, `call_${call}_`)))
        }),
      )
      const { consumer, leases } = await openDrained(buffer)
      const positions = resolved.flat().map((result) => result.position)
      assert.deepEqual(
        (await readAll(consumer, leases)).map((event) => event.position),
        positions,
      )
    },
  ),

  openCase('an event that is too large is refused with everything else in its call', async ({ buffer }) => {
    const tooLarge = sampleEvent('large', { key: 'one', body: new Uint8Array(buffer.caps.maxEventBytes + 1) })
    const [before, behind] = [sampleEvent('before'), sampleEvent('behind')]
    await refusedWith('event_too_large', buffer.append([before, tooLarge, behind]))
    assert.equal((await buffer.stats()).events, 0)
    const results = await buffer.append([before, behind])
    assert.deepEqual(
      results.map((result) => result.status),
      ['appended', 'appended'],
    )
  }),

  openCase('an event that could not be read back is refused with everything else in its call', async ({ buffer }) => {
    const wrong = [{ body: 'text' }, { body: new Uint16Array(4) }, { body: undefined }, { id: 1 }, { source: null }]
    for (const part of wrong)
      await assert.rejects(buffer.append([sampleEvent('before'), { ...sampleEvent('wrong'), ...part } as never]), {
        code: 'configuration_error',
      })
    assert.equal((await buffer.stats()).events, 0)
  }),

  openCase('S4: an event that is seen again is a duplicate in the place of the first', async ({ buffer }) => {
    const [first] = await buffer.append([sampleEvent('evt')])
    const [again] = await buffer.append([sampleEvent('evt', { body: new Uint8Array(3) })])
    assert.ok(first && again)
    assert.deepEqual(again, { ...first, status: 'duplicate' })
    const { consumer, leases } = await openDrained(buffer)
    const events = await readAll(consumer, leases)
    assert.deepEqual(idsOf(events), ['evt'])
    assert.deepEqual(bytesOf(events[0]?.body), bytesOf(sampleEvent('evt').body))
  }),

  openCase('ids that differ in half of a surrogate pair are of different events', async ({ buffer }) => {
    const ids = ['\ud800', '\ud801', '\ufffd']
    const results = await buffer.append(ids.map((id) => sampleEvent(id)))
    assert.deepEqual(
      results.map((result) => result.status),
      ['appended', 'appended', 'appended'],
    )
    const again = await buffer.append(ids.map((id) => sampleEvent(id)))
    assert.deepEqual(
      again,
      results.map((result) => ({ ...result, status: 'duplicate' })),
    )
    const { consumer, leases } = await openDrained(buffer)
    assert.deepEqual(new Set(idsOf(await readAll(consumer, leases))), new Set(ids))
  }),

  openCase('S4: an event that comes twice in one call is stored once', async ({ buffer }) => {
    const results = await buffer.append([sampleEvent('a'), sampleEvent('b'), sampleEvent('a')])
    assert.deepEqual(
      results.map((result) => result.status),
      ['appended', 'appended', 'duplicate'],
    )
    assert.deepEqual([results[2]?.partition, results[2]?.position], [results[0]?.partition, results[0]?.position])
    assert.equal((await buffer.stats()).events, 2)
  }),

  openCase('known events among others leave no gap, and each is answered in its place', async ({ buffer }) => {
    const events = (ids: string): NewEvent[] => Array.from(ids, (id) => sampleEvent(id, { key: 'one' }))
    const before = await buffer.append(events('ab'))
    const results = await buffer.append(events('cadbe'))
    assert.deepEqual(
      results.map((result) => result.status),
      ['appended', 'duplicate', 'appended', 'duplicate', 'appended'],
    )
    assert.deepEqual(
      [results[1]?.position, results[3]?.position],
      before.map((result) => result.position),
    )
    const { consumer, leases } = await openDrained(buffer)
    const read = await readAll(consumer, leases)
    assert.deepEqual(idsOf(read), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(
      read.slice(2).map((event) => event.position),
      [0, 2, 4].map((index) => results[index]?.position),
    )
  }),

  openCase('S4: of concurrent appends of the same event exactly one stores it', async ({ buffer }) => {
    const calls = await Promise.all(Array.from({ length: 25 }, () => buffer.append([sampleEvent('evt')])))
    const results = calls.flat()
    assert.equal(results.filter((result) => result.status === 'appended').length, 1)
    assert.equal(new Set(results.map((result) => result.position)).size, 1)
    assert.equal((await buffer.stats()).events, 1)
  }),

  openCase('S4: an event is known again after a restart', async (under) => {
    const [first] = await under.buffer.append([sampleEvent('evt')])
    const buffer = await under.reopen()
    assert.deepEqual(await buffer.append([sampleEvent('evt')]), [{ ...first, status: 'duplicate' }])
  }),

  openCase('S4: an event that was consumed is still known', async ({ buffer }) => {
    const [first] = await buffer.append([sampleEvent('evt')])
    assert.ok(first)
    const { consumer, leases } = await openDrained(buffer)
    await consumer.commit(leaseOf(leases, first), { done: [first.position] })
    assert.equal((await buffer.append([sampleEvent('evt')]))[0]?.status, 'duplicate')
  }),

  openCase('the same id from another source or tenant is another event', async ({ buffer }) => {
    const results = await buffer.append([
      sampleEvent('evt'),
      sampleEvent('evt', { source: 'github' }),
      sampleEvent('evt', { tenant: 'acme' }),
      sampleEvent('evt', { tenant: 'globex' }),
      sampleEvent('evt', { tenant: '' }),
    ])
    assert.ok(results.every((result) => result.status === 'appended'))
  }),

  openCase('tenant and id are told apart whatever they contain', async ({ buffer }) => {
    const results = await buffer.append(
      ['\0', ':', '/', '#', '","', ' ', 'stripe', '1:'].flatMap((separator) => [
        sampleEvent(`b${separator}c`, { tenant: 'a' }),
        sampleEvent('c', { tenant: `a${separator}b` }),
        sampleEvent(`a${separator}b${separator}c`),
      ]),
    )
    assert.ok(results.every((result) => result.status === 'appended'))
  }),

  openCase(
    'S4: an id is remembered for the dedupe window and forgotten after it',
    async ({ buffer, advance }) => {
      await buffer.append([sampleEvent('evt')])
      const windowMs = buffer.caps.dedupeWindowMs
      if (advance === undefined || windowMs === Infinity) {
        // Real time cannot be moved: all that can be said is that a window is declared and holds now.
        assert.ok(windowMs > 0)
        assert.equal((await buffer.append([sampleEvent('evt')]))[0]?.status, 'duplicate')
        return
      }
      await advance(windowMs * 0.9)
      assert.equal((await buffer.append([sampleEvent('evt')]))[0]?.status, 'duplicate')
      await advance(windowMs * 0.1 + 1)
      assert.equal((await buffer.append([sampleEvent('evt')]))[0]?.status, 'appended')
    },
    'clock',
  ),

  openCase('what the caller does with its bytes after append changes nothing', async ({ buffer }) => {
    // A Buffer too, which is what Node's servers give: its `slice` shares the bytes instead of copying them.
    const bodies = [new TextEncoder().encode('original'), Buffer.from('original')]
    await buffer.append(bodies.map((body, index) => sampleEvent(`evt_${index}`, { body })))
    for (const body of bodies) body.fill(0)
    const { consumer, leases } = await openDrained(buffer)
    for (const stored of await readAll(consumer, leases))
      assert.equal(new TextDecoder().decode(stored.body), 'original')
  }),

  openCase('everything about an event comes back as it was', async (under) => {
    const full = sampleEvent('evt_ü_😀', {
      tenant: 'acme/é',
      key: 'customer:42',
      type: 'invoice.paid',
      eventId: 'provider-1',
      receivedAt: 1_712_345_678_901,
      occurredAt: -1.5,
      batch: { id: 'delivery', index: 2, size: 3 },
      method: 'PUT',
      url: '/hooks/stripe?mode=live&x=%20y',
      remoteAddress: '2001:db8::1',
      headers: [
        ['X-Signature', 't=1,v1=abc'],
        ['x-signature', 'second'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Empty', ''],
      ],
      body: allBytes,
    })
    const { tenant: _, ...bare } = sampleEvent('bare', { headers: [], body: new Uint8Array() })
    await under.buffer.append([full, bare])
    const buffer = await under.reopen()
    const { consumer, leases } = await openDrained(buffer)
    const events = await readAll(consumer, leases)
    for (const expected of [full, bare] as const) {
      const stored = events.find((event) => event.id === expected.id)
      assert.ok(stored)
      const { partition, position, ...fields } = stored
      assert.equal(typeof partition, 'number')
      assert.equal(typeof position, 'string')
      assert.deepEqual(plain(fields), plain(expected))
    }
  }),

  openCase('bodies of every size come back byte for byte', async (under) => {
    const sizes = [0, 1, 7, 8, 4095, 4096, 65_537, 1024 * 1024].filter(
      (size) => size <= under.buffer.caps.maxEventBytes,
    )
    const bodies = sizes.map((size) => Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) & 0xff))
    await under.buffer.append(bodies.map((body, index) => sampleEvent(`size_${index}`, { key: 'one', body })))
    const buffer = await under.reopen()
    const { consumer, leases } = await openDrained(buffer)
    const events = await readAll(consumer, leases)
    assert.equal(events.length, bodies.length)
    for (const [index, body] of bodies.entries())
      assert.ok(sameBytes(events[index]?.body, body), `size ${sizes[index]}`)
  }),

  openCase('S7: many events keep their order across restarts and in small reads', async (under) => {
    const total = 4000
    const body = new Uint8Array(512)
    for (let from = 0; from < total; from += 250)
      await under.buffer.append(
        Array.from({ length: 250 }, (_, index) => sampleEvent(`evt_${from + index}`, { key: 'one', body })),
      )
    const buffer = await under.reopen()
    await buffer.append([sampleEvent('last', { key: 'one' })])
    const { consumer, leases } = await openDrained(buffer)
    const expected = [...Array.from({ length: total }, (_, index) => `evt_${index}`), 'last']
    const events: string[] = []
    for (const lease of leases)
      events.push(...idsOf(await readPartition(consumer, lease, null, { limit: 333, maxBytes: 100_000 })))
    assert.deepEqual(events, expected)
  }),
]

function plain(event: NewEvent): Record<string, unknown> {
  return { ...event, headers: event.headers.map((pair) => [...pair]), body: bytesOf(event.body) }
}

function bytesOf(body: Uint8Array | undefined): number[] | undefined {
  return body && [...body]
}

function sameBytes(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left?.length === right.length && right.every((byte, index) => left[index] === byte)
}

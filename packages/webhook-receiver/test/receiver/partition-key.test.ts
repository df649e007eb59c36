import { describe, expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { PartitionKey, ReceiverOptions } from '../../src/receiver/receiver.ts'
import { SECRET } from './receiver-fixture.ts'
import { connectorOf, signed } from './source-fixture.ts'

const PARTITIONS = 8

function options(partitionKey: PartitionKey | undefined, partitions = PARTITIONS): ReceiverOptions {
  const connector = connectorOf({
    eventId: { from: 'body', pointer: '/id', signed: true },
    tenant: { from: 'body', pointer: '/shop', signed: true },
  })
  return {
    buffer: memoryBuffer({ partitions }),
    sources: { acme: { connector, secrets: [SECRET], ...(partitionKey === undefined ? {} : { partitionKey }) } },
    destinations: { log: { handle: () => {} } },
  }
}

/** Sends events of four shops, and says in which partitions those of each are, and how all were answered. */
async function placesWith(partitionKey: PartitionKey): Promise<{ places: number[]; statuses: number[] }> {
  const { buffer, ...rest } = options(partitionKey)
  const receiver = createReceiver({ buffer, ...rest })
  await receiver.start({ drain: false })
  const statuses: number[] = []
  for (let index = 0; index < 32; index++) {
    const body = JSON.stringify({ id: `evt_${index}`, shop: `shop_${index % 4}` })
    const request = { method: 'POST', url: '/', headers: [], body: null, ...signed(body) }
    statuses.push((await receiver.accept('acme', request)).status)
  }
  const shops = new Map<string, Set<number>>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const entry of await buffer.read(partition, null, { limit: 100, maxBytes: 1e6 })) {
      if (entry.kind !== 'event') continue
      const shop = entry.event.tenant ?? ''
      shops.set(shop, (shops.get(shop) ?? new Set()).add(partition))
    }
  }
  await receiver.stop()
  return { places: [...shops.values()].map(({ size }) => size), statuses }
}

describe('partitionKey', () => {
  test('keeps the events of a key in one partition', async () => {
    expect((await placesWith(({ tenant }) => tenant)).places).toEqual([1, 1, 1, 1])
    expect((await placesWith((event) => (event.json() as { shop: string }).shop)).places).toEqual([1, 1, 1, 1])
  })

  test('spreads events without a key', async () => {
    const { places } = await placesWith(() => undefined)
    expect(Math.min(...places)).toBeGreaterThan(1)
  })

  test('is required where the buffer has several partitions', () => {
    expect(() => createReceiver(options(undefined))).toThrow(
      'Expected `sources.acme.partitionKey` to be a function: the buffer has 8 partitions',
    )
    createReceiver(options(undefined, 1))
    expect(() => createReceiver(options('tenant' as unknown as PartitionKey))).toThrow('sources.acme.partitionKey')
  })

  test('that throws or is no text has the request answered with 500, and nothing stored', async () => {
    const thrower = await placesWith(() => {
      throw new Error('no')
    })
    expect(new Set(thrower.statuses)).toEqual(new Set([500]))
    expect(thrower.places).toEqual([])
    const number = await placesWith(() => 5 as unknown as string)
    expect(new Set(number.statuses)).toEqual(new Set([500]))
    // Nobody handles what it rejects with, which would end the process.
    const rejecting = await placesWith((() => Promise.reject(new Error('no'))) as unknown as PartitionKey)
    expect(new Set(rejecting.statuses)).toEqual(new Set([500]))
  })
})

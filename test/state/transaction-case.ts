import { postgresBuffer, type PostgresLike } from '@holdfast/adapters/postgres'
import { expect } from 'vitest'
import { type Connections, freshName } from './postgres-harness.ts'

let tables = 0

/** Shows that what a client of this kind writes commits with the ack of an event, once, and not at all when it fails. */
export async function expectTransactions(
  connections: Connections,
  client: PostgresLike,
  insert: (transaction: never, text: string) => PromiseLike<unknown>,
): Promise<void> {
  tables += 1
  const table = `effects_${tables}`
  await connections.query(`create table ${table} (name text)`)
  const buffer = postgresBuffer(client, { name: freshName(), partitions: 1 })
  await buffer.open()
  const [stored] = await buffer.append([
    { id: 'evt', source: 'shop', receivedAt: 0, method: 'POST', url: '/', headers: [], body: new Uint8Array() },
  ])
  const consumer = await buffer.openConsumer('orders')
  const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
  const run = (name: string, then?: () => never): Promise<string> =>
    consumer.withTransaction!(lease!, { done: [stored!.position] }, async (transaction) => {
      await insert(transaction as never, `insert into ${table} values ('${name}')`)
      then?.()
      return name
    })
  const failure = new Error('it fails')
  await expect(
    run('failed', () => {
      throw failure
    }),
  ).rejects.toBe(failure)
  expect((await consumer.load(lease!)).lowWater).toBeNull()
  expect(await run('first')).toBe('first')
  expect((await consumer.load(lease!)).lowWater).toBe(stored!.position)
  await expect(run('second')).rejects.toMatchObject({ reason: 'already_done' })
  await consumer.release(lease!)
  await expect(run('late')).rejects.toMatchObject({ reason: 'stale_lease' })
  expect(await connections.query(`select name from ${table}`)).toEqual([{ name: 'first' }])
  await buffer.close()
}

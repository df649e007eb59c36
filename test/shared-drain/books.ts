import type { PoolClient } from 'pg'
import type { TransactionSql } from 'postgres'
import type { Entry } from './ledger.ts'
import type { OpenStore } from './stores.ts'

// What handlers did, in the database of the buffer: each books an amount in the transaction in which the ack of its event commits. Nothing of the
// tables keeps an event from being booked twice.

/** The transaction of a client, as handlers are given it. */
export type BookingTransaction = PoolClient | TransactionSql

/** What is in the books. */
export interface Books {
  /** Each booking as the start and the end of its handler: bookings of one key are in the order of their places. */
  readonly entries: readonly Entry[]
  /** Sum of all accounts. */
  readonly balance: number
}

export async function openBooks({ query }: OpenStore): Promise<void> {
  await query('create table booking (place bigint generated always as identity, key text, seq int)')
  await query('create table account (key text primary key, balance bigint not null)')
}

/** Books an event: a line, and its amount on the account of its key. */
export async function book(transaction: BookingTransaction, key: string, seq: number): Promise<void> {
  const run = async (text: string, values: (string | number)[]): Promise<void> => {
    await ('unsafe' in transaction ? transaction.unsafe(text, values) : transaction.query(text, values))
  }
  await run('insert into booking (key, seq) values ($1::text, $2::int)', [key, seq])
  await run(
    `insert into account values ($1::text, $2::bigint)
     on conflict (key) do update set balance = account.balance + excluded.balance`,
    [key, amountOf(seq)],
  )
}

export async function readBooks({ query }: OpenStore): Promise<Books> {
  const lines = await query('select place::text as place, key, seq from booking')
  const [sum] = await query('select coalesce(sum(balance), 0)::text as balance from account')
  const entries = lines.flatMap(({ place, key, seq }) =>
    ['start', 'done'].map((what) => ({ what, key: String(key), seq: Number(seq), at: BigInt(String(place)) })),
  )
  return { entries, balance: Number(sum?.balance) }
}

/** What the accounts sum up to when each of the events was booked once. */
export function expectedBalance(acknowledged: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const count of acknowledged.values()) for (let seq = 0; seq < count; seq++) sum += amountOf(seq)
  return sum
}

// Neighbours differ, so that one too many does not make up for one too few.
function amountOf(seq: number): number {
  return (seq % 97) + 1
}

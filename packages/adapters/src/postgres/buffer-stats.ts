import type { BufferStats } from '@holdfast/webhook-receiver'
import type { SqlQuery } from './sql-client.ts'

/** What a buffer holds. It costs a look at each partition, and at what is parked or dead. */
export async function readStats(query: SqlQuery, schema: string, buffer: number): Promise<BufferStats> {
  const [total] = await query(
    `select coalesce(sum(events), 0)::float8 as events, coalesce(sum(bytes), 0)::float8 as bytes
     from ${schema}.part where buffer = $1::int`,
    [buffer],
  )
  const consumers = await query(
    `select o.name,
       (select sum(p.next_seq - (select sum(upper(r) - lower(r)) from unnest(c.done) r))
        from ${schema}.cursor c join ${schema}.part p on p.buffer = o.buffer and p.part = c.part
        where c.consumer = o.id)::float8 - (select count(*) from ${schema}.ack where consumer = o.id) as left,
       (select count(*) from ${schema}.parked where consumer = o.id)::float8 as parked,
       (select count(*) from ${schema}.dead_letter where consumer = o.id)::float8 as dead
     from ${schema}.consumer o where o.buffer = $1::int order by o.id`,
    [buffer],
  )
  return {
    events: Number(total?.events),
    bytes: Number(total?.bytes),
    lost: 0,
    consumers: consumers.map(({ name, left, parked, dead }) => ({
      name: String(name),
      backlog: Number(left) + Number(parked),
      parked: Number(parked),
      deadLetters: Number(dead),
    })),
  }
}

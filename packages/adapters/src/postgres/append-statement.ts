import type { EventRecord } from './event-record.ts'
import type { SqlQuery } from './sql-client.ts'

/** What became of a record: the number of its event, negative where it was known. */
export type Appended = number

/**
 * Stores records in a partition with one statement, all or none.
 *
 * @param channel - Who listens to it is told. `undefined`: nobody is.
 */
export async function appendRecords(
  query: SqlQuery,
  schema: string,
  place: { readonly buffer: number; readonly partition: number },
  records: readonly EventRecord[],
  { windowMs, channel }: { readonly windowMs: number; readonly channel: string | undefined },
): Promise<readonly Appended[]> {
  const firstOf = new Map<string, number>()
  const sent: EventRecord[] = []
  // What comes twice at once is sent once.
  const indexes = records.map((record) => {
    const known = windowMs > 0 ? firstOf.get(record.fingerprint) : undefined
    if (known !== undefined) return { index: known, isRepeat: true }
    firstOf.set(record.fingerprint, sent.length)
    return { index: sent.push(record) - 1, isRepeat: false }
  })
  let start = 0
  const items = sent.map(({ fingerprint, meta, receivedAt, body }, n) => {
    const item = { n, fingerprint, meta, received_at: receivedAt, start, size: body.byteLength }
    start += body.byteLength
    return item
  })
  const rows = await query(
    `select n, seq::text as seq, is_new from ${schema}.append($1::int, $2::int, $3::float8, $4::text, $5::bytea, $6::text)`,
    [
      place.buffer,
      place.partition,
      windowMs,
      JSON.stringify(items),
      Buffer.concat(sent.map(({ body }) => body)),
      channel ?? null,
    ],
  )
  const seqs: number[] = []
  for (const { n, seq, is_new } of rows) seqs[Number(n)] = is_new === 1 ? Number(seq) : -Number(seq)
  return indexes.map(({ index, isRepeat }) => {
    const seq = seqs[index] as number
    return isRepeat ? -Math.abs(seq) : seq
  })
}

import type { EventRecord } from './event-record.ts'
import type { SqlQuery } from './sql-client.ts'

/** What became of a record: the number of its event in its partition, negative where it was known. */
export type Appended = number

/**
 * Stores records with one statement, all or none.
 *
 * @param channel - Who listens to it is told. `undefined`: nobody is.
 */
export async function appendRecords(
  query: SqlQuery,
  schema: string,
  buffer: number,
  records: readonly EventRecord[],
  { windowMs, channel }: { readonly windowMs: number; readonly channel: string | undefined },
): Promise<readonly Appended[]> {
  const { sent, indexes } = withoutRepeats(records, windowMs)
  const { items, data } = layOut(sent)
  const parts = Array.from(new Set(sent.map(({ partition }) => partition)))
  const rows = await query(
    `select n, seq::text as seq, is_new
     from ${schema}.append($1::int, $2::text::int[], $3::float8, $4::text, $5::bytea, $6::text)`,
    [buffer, `{${parts.join(',')}}`, windowMs, JSON.stringify(items), Buffer.concat(data), channel ?? null],
  )
  const seqs: Appended[] = []
  for (const { n, seq, is_new } of rows) seqs[Number(n)] = is_new === 1 ? Number(seq) : -Number(seq)
  return indexes.map(({ index, isRepeat }) => {
    const seq = seqs[index] as number
    return isRepeat ? -Math.abs(seq) : seq
  })
}

/** What comes twice at once is sent once. */
function withoutRepeats(
  records: readonly EventRecord[],
  windowMs: number,
): { sent: readonly EventRecord[]; indexes: readonly { index: number; isRepeat: boolean }[] } {
  const firstOf = new Map<string, number>()
  const sent: EventRecord[] = []
  const indexes = records.map((record) => {
    const identity = `${record.partition}:${record.fingerprint}`
    const known = windowMs > 0 ? firstOf.get(identity) : undefined
    if (known !== undefined) return { index: known, isRepeat: true }
    firstOf.set(identity, sent.length)
    return { index: sent.push(record) - 1, isRepeat: false }
  })
  return { sent, indexes }
}

/** Where each record is in `data`: its meta, and its body behind it. As one value of bytes nothing of it is escaped. */
function layOut(records: readonly EventRecord[]): { items: readonly object[]; data: readonly Buffer[] } {
  const data: Buffer[] = []
  let start = 0
  const items = records.map(({ partition, fingerprint, meta, receivedAt, body }, n) => {
    data.push(meta, body)
    const item = {
      n,
      part: partition,
      fingerprint,
      received_at: receivedAt,
      start,
      meta: meta.byteLength,
      size: body.byteLength,
    }
    start += meta.byteLength + body.byteLength
    return item
  })
  return { items, data }
}

import type { EventRecord } from './event-record.ts'
import type { SqlQuery } from './sql-client.ts'

/** What became of a record: the number of its event in its partition, negative where it was known. */
export type Appended = number

/**
 * Stores records with one statement, all or none. Partitions are locked in their order, so that processes which store at once wait for each
 * other in one direction only.
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
  const { parts, bodies } = layOut(sent)
  const rows = await query(
    `select r.n, r.seq::text as seq, r.is_new
     from (select * from json_to_recordset($2::text::json) as j(part int, items text, start int, size int) order by part) p
     cross join lateral ${schema}.append(
       $1::int, p.part, $3::float8, p.items, substring($4::bytea from p.start + 1 for p.size), $5::text) r`,
    [buffer, JSON.stringify(parts), windowMs, Buffer.concat(bodies), channel ?? null],
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

/** Records by their partitions, and all bodies one behind the other. */
function layOut(records: readonly EventRecord[]): { parts: readonly object[]; bodies: readonly Buffer[] } {
  const bodies: Buffer[] = []
  let start = 0
  const parts = Array.from(new Set(records.map(({ partition }) => partition)), (part) => {
    let size = 0
    const items = records.flatMap(({ partition, fingerprint, meta, receivedAt, body }, n) => {
      if (partition !== part) return []
      bodies.push(body)
      size += body.byteLength
      return [{ n, fingerprint, meta, received_at: receivedAt, start: size - body.byteLength, size: body.byteLength }]
    })
    start += size
    return { part, items: JSON.stringify(items), start: start - size, size }
  })
  return { parts, bodies }
}

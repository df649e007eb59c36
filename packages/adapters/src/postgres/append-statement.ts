import type { EventRecord } from './event-record.ts'
import type { SqlQuery } from './sql-client.ts'

/** What became of records. */
export interface Appended {
  /** The number of the event of each in its partition, negative where it was known. */
  readonly seqs: readonly number[]
  /** That of the server. */
  readonly timeline: string
}

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
): Promise<Appended> {
  const { sent, indexes } = withoutRepeats(records, windowMs)
  const parts = Array.from(new Set(sent.map(({ partition }) => partition))).toSorted((a, b) => a - b)
  const slots = new Map(parts.map((partition, index) => [partition, index + 1]))
  const array = (value: (record: EventRecord) => unknown): string => `{${sent.map(value).join(',')}}`
  let end = 0
  const [row] = await query(
    `select seqs, timeline from ${schema}.append($1::int, $2::text::int[], $3::float8, $4::text::int[], $5::text::uuid[], $6::text::float8[],
       $7::text::int[], $8::text::int[], $9::text::int[], $10::bytea, $11::text)`,
    [
      buffer,
      `{${parts.join(',')}}`,
      windowMs,
      array(({ partition }) => slots.get(partition)),
      array(({ fingerprint }) => fingerprint),
      array(({ receivedAt }) => receivedAt),
      array(({ bytes }) => (end += bytes) - bytes),
      array(({ meta }) => meta.byteLength),
      array(({ body }) => body.byteLength),
      // As one value of bytes nothing of it is escaped.
      Buffer.concat(sent.flatMap(({ meta, body }) => [meta, body])),
      channel ?? null,
    ],
  )
  const seqs = String(row?.seqs).split(',').map(Number)
  return {
    seqs: indexes.map(({ index, isRepeat }) => {
      const seq = seqs[index] as number
      return isRepeat ? -Math.abs(seq) : seq
    }),
    timeline: String(row?.timeline),
  }
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

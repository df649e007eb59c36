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
  const { parts, slots, places } = layOut(sent)
  const array = (value: (record: EventRecord) => unknown): string => `{${sent.map(value).join(',')}}`
  let end = 0
  const [row] = await query(
    `select ${schema}.append($1::int, $2::text::int[], $3::float8, $4::text::int[], $5::text::int[], $6::text::uuid[], $7::text::float8[],
       $8::text::int[], $9::text::int[], $10::text::int[], $11::bytea, $12::text) as answer`,
    [
      buffer,
      `{${parts.join(',')}}`,
      windowMs,
      `{${slots.join(',')}}`,
      `{${places.join(',')}}`,
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
  const answer = JSON.parse(String(row?.answer)) as Answer
  const seqs = seqsOf(slots, answer)
  return {
    seqs: indexes.map(({ index, isRepeat }) => {
      const seq = seqs[index] as number
      return isRepeat ? -Math.abs(seq) : seq
    }),
    timeline: answer.timeline,
  }
}

/** What the function `append` answers with. */
interface Answer {
  readonly timeline: string
  /** The number that was next in each partition. */
  readonly next: readonly number[]
  /** Which of the records were known, counted from 1, and the numbers of their events; `null` for none. */
  readonly known: readonly number[] | null
  readonly lasts: readonly number[] | null
}

/** The partitions of records, in their order; and of each record, from 1, which of these is its own, and how many before it have the same. */
function layOut(records: readonly EventRecord[]): { parts: number[]; slots: number[]; places: number[] } {
  const parts = Array.from(new Set(records.map(({ partition }) => partition))).toSorted((a, b) => a - b)
  const slotOf = new Map(parts.map((partition, index) => [partition, index + 1]))
  const slots = records.map(({ partition }) => slotOf.get(partition) as number)
  const counts = parts.map(() => 0)
  const places = slots.map((slot) => (counts[slot - 1] as number)++)
  return { parts, slots, places }
}

/** The number of each record in its partition, negative where it was known. */
function seqsOf(slots: readonly number[], { next, known, lasts }: Answer): number[] {
  const lastOf = new Map(known?.map((n, index) => [n, lasts?.[index] as number]))
  const ends = [...next]
  return slots.map((slot, index) => {
    const last = lastOf.get(index + 1)
    return last === undefined ? (ends[slot - 1] as number)++ : -last
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

import type { Consumer, EventBuffer, Lease, NewEvent, OpenReport, StoredEvent } from '@holdfast/webhook-receiver'
import type { KeptBooks } from './kept-books.ts'

/** A consumer with the lease of its partition. */
export interface HeldConsumer {
  readonly consumer: Consumer
  readonly lease: Lease
}

/** Most positions that are acknowledged again after an opening, to see that their ids are known. */
const REPEATED = 32

export function numbered(number: number): NewEvent {
  return {
    id: `evt_${number}`,
    source: 'many',
    receivedAt: 1,
    method: 'POST',
    url: '/',
    headers: [],
    body: bodyOf(number),
  }
}

export async function hold(buffer: EventBuffer): Promise<HeldConsumer> {
  const consumer = await buffer.openConsumer('c')
  const [lease] = await consumer.acquire({ owner: 'many', leaseMs: 60_000 })
  if (lease === undefined) throw new Error('There is no lease.')
  return { consumer, lease }
}

/** Compares a buffer that was opened with the books of it, and says what does not fit, and where events are that wait for an ack. */
export async function auditBuffer(
  buffer: EventBuffer,
  { consumer, lease }: HeldConsumer,
  report: OpenReport,
  books: KeptBooks,
): Promise<{ readonly problems: readonly string[]; readonly waiting: string[] }> {
  const problems: string[] = []
  if (report.holes.length > 0) problems.push(`there are holes: ${JSON.stringify(report.holes)}`)
  const { lowWater, done } = await consumer.load(lease)
  const isDone = (position: string): boolean => position <= (lowWater ?? '') || done.includes(position)
  const stored = await everythingAfter(consumer, lease, lowWater)
  const found = new Map(stored.map((event) => [event.position, numberOf(event)]))
  for (const { position, id, body } of stored) {
    const number = found.get(position) ?? 0
    if (!(number >= 1 && number <= books.sent)) problems.push(`${id} was never sent`)
    if (Buffer.compare(body, bodyOf(number)) !== 0) problems.push(`the body of ${id} is wrong`)
    if (done.includes(position) && !books.attempted.has(position)) problems.push(`${position} was never committed`)
  }
  const numbers = [...found.values()]
  if (numbers.some((number, index) => number <= (numbers[index - 1] ?? 0)))
    problems.push(`out of order: ${numbers.join()}`)
  for (const [number, position] of books.acknowledged) {
    const isFound = found.get(position) === number
    if (!isFound && !(isDone(position) && books.attempted.has(position))) problems.push(`event ${number} is lost`)
  }
  for (const position of books.committed) if (!isDone(position)) problems.push(`the ack of ${position} is lost`)
  problems.push(...(await forgottenIds(buffer, books)))
  return { problems, waiting: [...found.keys()].filter((position) => !isDone(position)) }
}

async function everythingAfter(consumer: Consumer, lease: Lease, lowWater: string | null): Promise<StoredEvent[]> {
  const stored: StoredEvent[] = []
  for (;;) {
    const after = stored.at(-1)?.position ?? lowWater
    const entries = await consumer.read(lease, after, { limit: 1000, maxBytes: 1e9, waitMs: 0 })
    if (entries.length === 0) return stored
    for (const entry of entries) {
      if (entry.kind === 'hole') throw new Error(`There is a hole from ${entry.hole.from} to ${entry.hole.to}.`)
      stored.push(entry.event)
    }
  }
}

/** The last that were acknowledged are known when they come again, wherever their segments are by now. */
async function forgottenIds(buffer: EventBuffer, { acknowledged }: KeptBooks): Promise<string[]> {
  const last = [...acknowledged].slice(-REPEATED)
  const results = await buffer.append(last.map(([number]) => numbered(number)))
  return last.flatMap(([number, position], index) =>
    results[index]?.status === 'duplicate' && results[index].position === position
      ? []
      : [`event ${number} is forgotten`],
  )
}

/** Up to 2,000 bytes, of every fiftieth event up to 20,000, made from its number. */
function bodyOf(number: number): Uint8Array {
  const bytes = (number * 7919) % (number % 50 === 0 ? 20_000 : 2_000)
  return Buffer.alloc(bytes, `${number},`)
}

function numberOf({ id }: StoredEvent): number {
  return Number(id.slice('evt_'.length))
}

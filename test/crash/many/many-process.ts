/** The process that is killed: it opens many buffers, compares each with its books, and works with all of them. Its settings are the only argument. */
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import { diskBuffer, type DiskBufferOptions } from '@holdfast/webhook-receiver/disk'
import { type SeededRandom, seededRandom } from '../seeded-random.ts'
import { auditBuffer, type HeldConsumer, hold, numbered } from './audit-buffer.ts'
import { type OpenBooks, openBooks } from './kept-books.ts'
import type { ManyMessage, ManySettings } from './many-settings.ts'

/** Events that wait for an ack, at most. */
const WAITING = 200

const { directory, buffers, run, seed, worksFor, isLast } = JSON.parse(process.argv[2] ?? '') as ManySettings

const common = { segmentBytes: 32 * 1024, dedupeWindowMs: 180_000, minFreeBytes: 0 } as const
/** How buffers are set up, in turn. */
const setUps: readonly Partial<DiskBufferOptions>[] = [
  common,
  { ...common, preallocateBytes: 16 * 1024 },
  { ...common, compression: 'auto', encryption: { keyId: 'many', key: () => Buffer.alloc(32, 1) } },
  { ...common, durability: 'interval' },
]

/** Events that were acknowledged in this run. */
let acknowledged = 0

interface Subject extends HeldConsumer {
  readonly buffer: EventBuffer
  readonly books: OpenBooks
  /** Positions of events that wait for an ack. */
  readonly waiting: string[]
  readonly random: SeededRandom
}

process.on('disconnect', () => process.exit(2))
tell({ kind: 'opening' })
const subjects = await Promise.all(Array.from({ length: buffers }, (_, index) => opened(index)))
if (run === 1) flushCompileCache()
tell({ kind: 'open' })
if (!isLast) await Promise.all(subjects.map(work))
await Promise.all(subjects.map(({ buffer }) => buffer.close()))
process.exit(0)

function tell(message: ManyMessage): void {
  process.send?.(message)
}

async function opened(index: number): Promise<Subject> {
  const books = openBooks(join(directory, `books-${index}`))
  const buffer = diskBuffer({ ...setUps[index % setUps.length], directory: join(directory, `buffer-${index}`) })
  const report = await buffer.open()
  const held = await hold(buffer)
  const { problems, waiting } = await auditBuffer(buffer, held, report, books)
  if (problems.length > 0) tell({ kind: 'problems', buffer: index, problems })
  return { ...held, buffer, books, waiting, random: seededRandom(seed, 'run', run, index) }
}

/** Appends and commits until the process is killed. */
async function work(subject: Subject): Promise<never> {
  const { books, random, waiting } = subject
  for (let next = books.sent + 1; ; ) {
    if (random.chance(0.6)) {
      const calls = Array.from({ length: random.integer(1, 3) }, () => {
        const first = next
        next += random.integer(1, 4)
        return [first, next - 1] as const
      })
      books.send(next - 1)
      await Promise.all(calls.map(async ([first, last]) => waiting.push(...(await append(subject, first, last)))))
    } else {
      const isTooLong = waiting.length > WAITING
      const positions = waiting.splice(0).filter((position) => {
        if (isTooLong || random.chance(0.5)) return true
        waiting.push(position)
        return false
      })
      await commit(subject, positions)
    }
  }
}

async function append({ buffer, books }: Subject, first: number, last: number): Promise<string[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const results = await buffer.append(numbers.map(numbered))
  acknowledged += numbers.length
  if (acknowledged >= worksFor && acknowledged - numbers.length < worksFor) tell({ kind: 'worked' })
  books.acknowledge(new Map(numbers.map((number, index) => [number, results[index]?.position ?? ''])))
  return results.map(({ position }) => position)
}

async function commit({ consumer, lease, books }: Subject, positions: readonly string[]): Promise<void> {
  books.attempt(positions)
  await consumer.commit(lease, { done: positions })
  books.commit(positions)
}

/**
 * A process that appends numbered events to a buffer, delivers them, and keeps books of both. Its settings are the only argument. It ends when everything is
 * delivered, or by a signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { type Clock, systemClock } from '@holdfast/core'
import { BufferError, createReceiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { seededRandom } from '../seeded-random.ts'
import { openBooks } from './ledger-books.ts'
import { ledgerEvents, numbersOf } from './ledger-events.ts'
import { FAILED_TOO_OFTEN, type LedgerSettings } from './ledger-settings.ts'

const BATCH = 256
const PAUSE_MS = 20
const FAILURES_AT_MOST = 20
/** Acknowledged events that are appended again after a start. */
const REPEATED = 256

const settings = JSON.parse(process.argv[2] ?? '') as LedgerSettings
const { directory, seed, run, events, keys, concurrency, failureRatio, eventsPerSecond, skewMs } = settings
const books = openBooks(settings.books, events)
const random = seededRandom(seed, 'run', run)
const clock: Clock = { ...systemClock, now: () => systemClock.now() + skewMs }
const buffer = diskBuffer({ directory, segmentBytes: 1024 * 1024, minFreeBytes: 0, clock })
const refusals: ReadonlySet<string> = new Set(['buffer_full', 'buffer_overloaded', 'buffer_failed'])
let isFinishing = false

/** The event that is at work in each key, and the last that was begun in this run. */
const atWork = new Map<string, number>()
const begun = new Map<string, number>()

async function handle(event: WebhookEvent): Promise<void> {
  const numbers = numbersOf(event)
  const { key = '' } = event
  if (numbers === undefined) {
    books.violation('corrupted', { run, id: event.id })
    return
  }
  const { number, previous } = numbers
  if (atWork.has(key)) books.violation('overlapping', { run, key, number, other: atWork.get(key) })
  if (previous > 0 && books.delivered.get(previous) === 0) books.violation('reordered', { run, key, number, previous })
  if (number < (begun.get(key) ?? 0)) books.violation('redelivered', { run, key, number, after: begun.get(key) })
  begun.set(key, number)
  atWork.set(key, number)
  try {
    if (random.chance(0.2)) await new Promise((resolve) => setImmediate(resolve))
    if (random.chance(failureRatio)) throw new Error('failed on purpose')
    books.delivered.set(number, 1, Math.min(255, books.delivered.get(number) + 1))
  } finally {
    atWork.delete(key)
  }
}

const receiver = createReceiver({
  buffer,
  sources: { github: { connector: github, secrets: ['not used'] } },
  destinations: {
    ledger: {
      handle,
      orderingKey: ({ key }) => key,
      concurrency,
      maxAttempts: Infinity,
      baseDelayMs: 2,
      maxDelayMs: 20,
    },
  },
})

process.on('message', () => {
  isFinishing = true
})
process.on('disconnect', () => process.exit(2))
receiver.on('buffer:lost', ({ from, to, lost }) => books.violation('hole', { run, from, to, lost }))

try {
  await receiver.start()
} catch (error) {
  // A disk that fails may fail while it is opened, too.
  if (error instanceof BufferError && settings.isFaulty) process.exit(FAILED_TOO_OFTEN)
  throw error
}
process.send?.('started')
await appendAll()
await receiver.drained()
await receiver.stop()
process.exit(0)

async function appendAll(): Promise<void> {
  let from = 1
  while (from <= events && books.acknowledged.get(from) === 1) from++
  await repeatSome(from - 1)
  const source = ledgerEvents(seed, keys, from)
  const startedMs = performance.now()
  let appended = 0
  while (from <= events && !isFinishing) {
    const batch = source.take(from, Math.min(BATCH, events - from + 1))
    await appendUntilAcknowledged(batch)
    books.acknowledged.set(from, batch.length, 1)
    from += batch.length
    appended += batch.length
    const aheadMs = (appended / eventsPerSecond) * 1000 - (performance.now() - startedMs)
    if (aheadMs > 1) await sleep(aheadMs)
  }
}

/** What was acknowledged is known, wherever its segment is by now. */
async function repeatSome(last: number): Promise<void> {
  if (last < 1) return
  const numbers = Array.from({ length: Math.min(REPEATED, last) }, () =>
    random.integer(Math.max(1, last - 100_000), last),
  )
  const repeats = numbers.map((number) => ({
    id: `evt_${number}`,
    source: 'ledger',
    receivedAt: 1,
    method: 'POST',
    url: '/',
    headers: [],
    body: new Uint8Array(1),
  }))
  const results = await appendUntilAcknowledged(repeats)
  for (const [index, { status }] of results.entries())
    if (status !== 'duplicate') books.violation('forgotten', { run, number: numbers[index] })
}

async function appendUntilAcknowledged(batch: Parameters<typeof buffer.append>[0]): ReturnType<typeof buffer.append> {
  for (let failures = 0; ; ) {
    try {
      return await buffer.append(batch)
    } catch (error) {
      if (!(error instanceof BufferError) || !refusals.has(error.reason)) throw error
      if (error.reason === 'buffer_failed' && ++failures > FAILURES_AT_MOST) process.exit(FAILED_TOO_OFTEN)
      await sleep(PAUSE_MS)
    }
  }
}

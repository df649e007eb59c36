import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '@holdfast/core'
import { BufferError, type Consumer, type EventBuffer, type Lease, type NewEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'

const BATCH = 8
const BODY_BYTES = 3_000
const LOOK_EVERY_MS = 20
/** Space is looked at every second. */
const RESUMES_WITHIN_MS = 30_000

/** What was seen on a disk that was full again and again. */
export interface FullDiskReport {
  readonly cycles: number
  readonly appended: number
  /** Appends that were refused, all with `buffer_full`. */
  readonly refused: number
  readonly delivered: number
  /** Longest time from the end of a drain to the next append that was taken, ms. */
  readonly resumedAfterMs: number
  /** What is wrong: numbers that were read in another order than appended, or with another body, and losses that the last opening reports. */
  readonly problems: readonly string[]
}

/** Fills a disk to the last byte with events, drains them, and goes on, several times; the disk is read once more by another opening. */
export async function playFullDisk(
  directory: string,
  cycles: number,
  clock: Clock = systemClock,
): Promise<FullDiskReport> {
  const options = { directory, segmentBytes: 128 * 1024, minFreeBytes: 0, clock }
  const problems: string[] = []
  let [appended, delivered, refused, resumedAfterMs] = [0, 0, 0, 0]
  let buffer = diskBuffer(options)
  await buffer.open()
  // On a disk that is full nobody can be registered any more.
  await buffer.openConsumer('drain')
  try {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const startedMs = performance.now()
      while (!(await isTaken(buffer, appended + 1))) {
        if (performance.now() - startedMs > RESUMES_WITHIN_MS)
          throw new Error(`Cycle ${cycle}: intake does not resume.`)
        refused++
        await sleep(LOOK_EVERY_MS)
      }
      if (cycle > 1) resumedAfterMs = Math.max(resumedAfterMs, performance.now() - startedMs)
      appended += BATCH
      while (await isTaken(buffer, appended + 1)) appended += BATCH
      refused++
      // What is full stays full until something is drained, and what is there can be read by a process that begins anew.
      if (cycle % 2 === 0) {
        await buffer.close()
        buffer = diskBuffer(options)
        await buffer.open()
      }
      delivered = await drain(buffer, delivered, problems)
      if (delivered !== appended) problems.push(`cycle ${cycle}: ${appended} appended, ${delivered} delivered`)
    }
    await buffer.close()
    buffer = diskBuffer(options)
    const { holes, tornBytes } = await buffer.open()
    if (holes.length > 0 || tornBytes > 0) problems.push(`opening: ${holes.length} holes, ${tornBytes} torn bytes`)
    if ((await drain(buffer, delivered, problems)) !== delivered) problems.push('opening: something is delivered again')
  } finally {
    await buffer.close()
  }
  return { cycles, appended, refused, delivered, resumedAfterMs: Math.round(resumedAfterMs), problems }
}

async function isTaken(buffer: EventBuffer, first: number): Promise<boolean> {
  try {
    await buffer.append(Array.from({ length: BATCH }, (_, index) => eventOf(first + index)))
    return true
  } catch (error) {
    if (error instanceof BufferError && error.reason === 'buffer_full') return false
    throw error
  }
}

/** Reads and acks everything. Resolves with the number of the last event. */
async function drain(buffer: EventBuffer, last: number, problems: string[]): Promise<number> {
  const consumer = await buffer.openConsumer('drain')
  const [lease] = await consumer.acquire({ owner: 'full disk', leaseMs: 1000 })
  if (lease === undefined) throw new Error('There is no lease.')
  let number = last
  for (;;) {
    const events = await next(consumer, lease)
    if (events.length === 0) return number
    for (const { id, body } of events) {
      number++
      if (id !== `evt_${number}` || !body.every((byte) => byte === number % 256))
        problems.push(`${id} came for ${number}`)
    }
    await consumer.commit(lease, { done: events.map(({ position }) => position) })
  }
}

async function next(
  consumer: Consumer,
  lease: Lease,
): Promise<readonly { id: string; body: Uint8Array; position: string }[]> {
  const { lowWater } = await consumer.load(lease)
  const entries = await consumer.read(lease, lowWater, { limit: 64, maxBytes: 1e6, waitMs: 0 })
  return entries.map((entry) =>
    entry.kind === 'event' ? entry.event : { id: 'a hole', body: new Uint8Array(), position: entry.hole.to },
  )
}

function eventOf(number: number): NewEvent {
  return {
    id: `evt_${number}`,
    source: 'full disk',
    receivedAt: 1_750_000_000_000,
    method: 'POST',
    url: '/',
    headers: [],
    body: new Uint8Array(BODY_BYTES).fill(number),
  }
}

/**
 * One step of the backlog test in a process of its own. Arguments: what to do, the directory, the number of events, the bytes of a body. Prints one line of
 * JSON.
 */
import { isIntegrationError } from '@holdfast/core'
import github from '@holdfast/adapters/connectors/github'
import { createReceiver, type EventBuffer, type NewEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'

const BATCH = 1_000
const KEYS = 1_000
const READ_EVENTS = 10_000
const SAMPLE_EVERY_MS = 100

/** What a step measured. */
export interface BacklogStep {
  readonly events: number
  readonly seconds: number
  readonly openMs: number
  /** Highest resident memory, in MiB, sampled ten times a second. */
  readonly rssMiB: number
  /** Bytes in the segments at the end. */
  readonly bytes: number
}

const [task = '', directory = '', count = '0', bodyBytes = '0'] = process.argv.slice(2)
const events = Number(count)
let rss = process.memoryUsage.rss()
const sampler = setInterval(() => {
  rss = Math.max(rss, process.memoryUsage.rss())
}, SAMPLE_EVERY_MS)

switch (task) {
  case 'fill':
    await fill()
    break
  case 'open':
    await openAndRead()
    break
  case 'drain':
    await drain()
    break
  default:
    throw new Error(`there is no task ${task}`)
}
clearInterval(sampler)

/** Appends all events. Synced behind: what is measured later is what is there, not how it came. */
async function fill(): Promise<void> {
  const buffer = diskBuffer({ directory, durability: 'interval', maxQueuedBytes: 64 * 1024 * 1024 })
  const { durationMs } = await buffer.open()
  await buffer.openConsumer('all')
  const startedAt = performance.now()
  const body = Buffer.alloc(Number(bodyBytes), 'x')
  let next = 0
  const feed = async (): Promise<void> => {
    while (next < events) {
      const first = next
      next = Math.min(next + BATCH, events)
      await append(
        buffer,
        Array.from({ length: next - first }, (_, index) => eventOf(first + index, body)),
      )
    }
  }
  await Promise.all([feed(), feed(), feed()])
  const { bytes } = await buffer.stats()
  await buffer.close()
  print({ events, openMs: durationMs, bytes, seconds: secondsSince(startedAt) })
}

/** Waits like a sender that is told to come back later. */
async function append(buffer: EventBuffer, batch: readonly NewEvent[]): Promise<void> {
  for (;;) {
    try {
      await buffer.append(batch)
      return
    } catch (error) {
      if (!isIntegrationError(error, 'overloaded')) throw error
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? 1_000))
    }
  }
}

/** Opens and reads some: what an application has in memory as soon as it works. */
async function openAndRead(): Promise<void> {
  const startedAt = performance.now()
  const buffer = diskBuffer({ directory })
  const { durationMs } = await buffer.open()
  const consumer = await buffer.openConsumer('all')
  const [lease] = await consumer.acquire({ owner: 'backlog', leaseMs: 60_000 })
  if (lease === undefined) throw new Error('there is no lease')
  let after: string | null = null
  let read = 0
  while (read < READ_EVENTS) {
    const entries = await consumer.read(lease, after, { limit: 1024, maxBytes: 4 * 1024 * 1024, waitMs: 0 })
    const last = entries.at(-1)
    if (last === undefined) break
    after = last.kind === 'event' ? last.event.position : last.hole.to
    read += entries.length
  }
  const { bytes, events: stored } = await buffer.stats()
  await buffer.close()
  print({ events: stored, openMs: durationMs, bytes, seconds: secondsSince(startedAt) })
}

/** Delivers everything to a handler that does nothing, and says what is left on the disk. */
async function drain(): Promise<void> {
  const buffer = diskBuffer({ directory })
  let handled = 0
  const receiver = createReceiver({
    buffer,
    sources: { github: { connector: github, secrets: ['not used by the backlog, which is there'] } },
    destinations: { all: { handle: () => void handled++, orderingKey: ({ key = '' }) => key, concurrency: 64 } },
  })
  let openMs = 0
  receiver.on('buffer:opened', ({ durationMs }) => {
    openMs = durationMs
  })
  await receiver.start()
  const startedAt = performance.now()
  await receiver.drained()
  const seconds = secondsSince(startedAt)
  // Segments go within a second after their last event.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const { bytes } = await buffer.stats()
  await receiver.stop()
  print({ events: handled, openMs, bytes, seconds })
}

function eventOf(number: number, body: Uint8Array): NewEvent {
  return {
    id: `evt_${number}`,
    source: 'github',
    key: `key_${number % KEYS}`,
    receivedAt: Date.now(),
    method: 'POST',
    url: '/webhooks/github',
    headers: [['content-type', 'application/json']],
    body,
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}

function print(step: Omit<BacklogStep, 'rssMiB'>): void {
  rss = Math.max(rss, process.memoryUsage.rss())
  process.stdout.write(`${JSON.stringify({ ...step, rssMiB: rss / 1024 / 1024 } satisfies BacklogStep)}\n`)
}

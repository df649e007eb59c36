import type { Clock } from '@holdfast/core'
import type {
  Consumer,
  CursorState,
  EventBuffer,
  Lease,
  LogEntry,
  NewEvent,
  OpenReport,
  StoredEvent,
} from '../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import type { MemoryFileSystem } from './memory-file-system.ts'

export const DIRECTORY = '/data/inbox'

/** A clock that stands still, and whose timers never fire: what a test does not do itself does not happen. */
export const stoppedClock: Clock = {
  now: () => 1_750_000_000_000,
  monotonicMs: () => 0,
  sleep: () => new Promise(() => {}),
  schedule: () => () => {},
}

/** An event whose body is made from its number, so that a wrong body is recognised. */
export function numberedEvent(number: number, bodyBytes: number = (number * 37) % 90): NewEvent {
  return {
    id: `evt_${number}`,
    source: 's',
    receivedAt: 1_750_000_000_000,
    method: 'POST',
    url: '/',
    headers: [],
    body: bodyOf(number, bodyBytes),
  }
}

export function bodyOf(number: number, bytes: number): Uint8Array {
  const body = new Uint8Array(bytes)
  for (let index = 0; index < bytes; index++) body[index] = number * 31 + index * 7
  return body
}

/** How a buffer is set up. */
export interface SampleOptions extends Partial<DiskBufferOptions> {
  /** Share of the time in which the process is at work. Default: 0. */
  readonly utilization?: number
}

/** A disk buffer on a file system in memory. */
export function memoryDiskBuffer(
  fileSystem: MemoryFileSystem,
  { utilization = 0, ...options }: SampleOptions = {},
): EventBuffer {
  const resolved = resolveDiskBufferOptions({ directory: DIRECTORY, fileSystem, clock: stoppedClock, ...options })
  return diskBufferOf({ ...resolved, utilization: () => utilization })
}

/** Opens the consumer `c` with its lease. */
export async function consumerOf(
  buffer: EventBuffer,
  name = 'c',
): Promise<{ readonly consumer: Consumer; readonly lease: Lease }> {
  const consumer = await buffer.openConsumer(name)
  const [lease] = await consumer.acquire({ owner: 'test', leaseMs: 1000 })
  if (lease === undefined) throw new Error('There is no lease.')
  return { consumer, lease }
}

/** An open disk buffer with the consumer `c` and the events 1 to `count`. */
export async function openWith(
  fileSystem: MemoryFileSystem,
  count: number,
  options: SampleOptions = {},
): Promise<{ readonly buffer: EventBuffer; readonly at: (index: number) => string }> {
  const buffer = memoryDiskBuffer(fileSystem, options)
  await buffer.open()
  await consumerOf(buffer)
  const results = await buffer.append(Array.from({ length: count }, (_, index) => numberedEvent(index + 1)))
  return { buffer, at: (index) => results[index]?.position ?? '' }
}

/** Opens a buffer with one event, which its consumer has read. */
export async function openWithRead(fileSystem: MemoryFileSystem): Promise<{
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  readonly lease: Lease
  readonly event: StoredEvent
}> {
  const { buffer } = await openWith(fileSystem, 1)
  const { consumer, lease } = await consumerOf(buffer)
  const [entry] = await consumer.read(lease, null, { limit: 1, maxBytes: 1e9, waitMs: 0 })
  if (entry?.kind !== 'event') throw new Error('There is no event.')
  return { buffer, consumer, lease, event: entry.event }
}

/** The cursor of `c` as a buffer finds it that is opened on these files. */
export async function loadAgain(fileSystem: MemoryFileSystem): Promise<CursorState> {
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const state = await consumer.load(lease)
  await buffer.close()
  return state
}

/** Everything that can be read. */
export async function readEverything(buffer: EventBuffer, name = 'c'): Promise<LogEntry[]> {
  const { consumer, lease } = await consumerOf(buffer, name)
  const entries: LogEntry[] = []
  for (;;) {
    const last = entries.at(-1)
    const after = last === undefined ? null : last.kind === 'event' ? last.event.position : last.hole.to
    const more = await consumer.read(lease, after, { limit: 100, maxBytes: 1e9, waitMs: 0 })
    if (more.length === 0) return entries
    entries.push(...more)
  }
}

/** What a log has after it was opened. */
export interface Found {
  readonly report: OpenReport
  /** Numbers of the events that were read. */
  readonly numbers: number[]
  readonly entries: LogEntry[]
  readonly lost: number
}

/** Opens a copy of the files and reads all, then closes it. Rejects when a body is not the one that was written. */
export async function openAndRead(
  fileSystem: MemoryFileSystem,
  options: Partial<DiskBufferOptions> = {},
): Promise<Found> {
  const buffer = memoryDiskBuffer(fileSystem, options)
  const report = await buffer.open()
  const entries = await readEverything(buffer)
  const { lost } = await buffer.stats()
  await buffer.close()
  const numbers = entries.flatMap((entry) => (entry.kind === 'event' ? [verifiedNumber(entry)] : []))
  return { report, numbers, entries, lost }
}

function verifiedNumber(entry: Extract<LogEntry, { readonly kind: 'event' }>): number {
  const { id, body } = entry.event
  const number = Number(id.slice('evt_'.length))
  const expected = bodyOf(number, body.length)
  if (!Number.isInteger(number) || Buffer.compare(body, expected) !== 0) throw new Error(`The body of ${id} is wrong.`)
  return number
}

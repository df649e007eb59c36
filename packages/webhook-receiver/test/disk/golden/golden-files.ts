import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { EventBuffer, NewEvent } from '../../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../../src/disk/disk-buffer-options.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent } from '../sample-buffer.ts'

/** A directory as a version of Holdfast left it: paths below it, and their content, deflated, in base64. */
export type GoldenFiles = Readonly<Record<string, string>>

/** Ways to store of which files are kept for ever. A new format version adds files and changes none. */
export const goldenOptions: Readonly<Record<string, Partial<DiskBufferOptions>>> = {
  'plain.v1': {},
  'preallocated.v1': { preallocateBytes: 4096 },
  'compressed.v1': { compression: 'brotli' },
  'encrypted.v1': { encryption: { keyId: 'golden', key: () => Buffer.alloc(32, 'golden') }, compression: 'brotli' },
}

/** Number of events in the golden files. */
export const GOLDEN_EVENTS = 16

/** Event `number` of the golden files; each has every field that an event can have. */
export function goldenEvent(number: number): NewEvent {
  return {
    ...numberedEvent(number, number * 60),
    tenant: 'acme',
    key: `key ${number % 3}`,
    type: 'order.paid',
    eventId: `provider-${number}`,
    occurredAt: 1_749_999_000_000 + number,
    batch: { id: 'ab'.repeat(32), index: number, size: GOLDEN_EVENTS },
    url: '/webhooks/shop?ä=%2F',
    remoteAddress: '192.0.2.7',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Twice', 'one'],
      ['x-twice', 'two'],
    ],
  }
}

/**
 * Fills a buffer: sealed segments and one that is being written to, some events done, one parked, one dead letter. It is not closed: what a crash leaves
 * has to open as well.
 */
export async function makeGoldenFiles(options: Partial<DiskBufferOptions>): Promise<GoldenFiles> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096, ...options })
  await fill(buffer)
  const killed = fileSystem.afterKill()
  await buffer.close()
  return Object.fromEntries(
    killed
      .paths(DIRECTORY)
      .filter((path) => !path.endsWith('OWNER.json'))
      .map((path) => [path.slice(DIRECTORY.length + 1), deflateRawSync(killed.read(path)).toString('base64')]),
  )
}

/** The files in a file system of their own. */
export function fromGoldenFiles(files: GoldenFiles): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem()
  for (const [path, content] of Object.entries(files))
    fileSystem.replace(`${DIRECTORY}/${path}`, inflateRawSync(Buffer.from(content, 'base64')))
  return fileSystem
}

async function fill(buffer: EventBuffer): Promise<void> {
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= GOLDEN_EVENTS; number++) await buffer.append([goldenEvent(number)])
  const entries = await consumer.read(lease, null, { limit: 100, maxBytes: 1e9, waitMs: 0 })
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  const [parked, dead, , retried] = events
  if (parked === undefined || dead === undefined || retried === undefined) throw new Error('There are no events.')
  await consumer.park(lease, [{ event: parked, lane: 'a lane', redrives: 1, attempts: 2, nextAt: 1_750_000_001_000 }])
  const why = { attempts: 3, at: 1_750_000_002_000, code: 'upstream_error', message: 'The CRM answered 500.' }
  await consumer.deadLetter(lease, [{ event: dead, lane: 'a lane', redrives: 0, why }])
  await consumer.commit(lease, {
    done: events.slice(4, 6).map(({ position }) => position),
    retry: [{ position: retried.position, attempts: 1, nextAt: 1_750_000_003_000 }],
  })
}

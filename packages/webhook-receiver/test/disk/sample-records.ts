import { seededRandom } from '@holdfast/core/testing'
import { Log, type LogOptions, type LogReport } from '../../src/disk/log.ts'
import type { LogItem } from '../../src/disk/log-reader.ts'
import type { RecordInput } from '../../src/disk/record-input.ts'
import { recordTypes } from '../../src/disk/record-codec.ts'
import type { MemoryFileSystem } from './memory-file-system.ts'
import { bodyOf, DIRECTORY, stoppedClock } from './sample-buffer.ts'

/** A record whose body is made from its number. */
export function numberedRecord(number: number, bodyBytes = 500): RecordInput {
  const meta = String(number)
  return { meta, metaBytes: meta.length, body: bodyOf(number, bodyBytes) }
}

/** A log by itself, on a file system in memory, with small segments. */
export function openLog(
  fileSystem: MemoryFileSystem,
  options: Partial<LogOptions> = {},
): Promise<{ readonly log: Log; readonly report: LogReport }> {
  return Log.open({
    fileSystem,
    directory: DIRECTORY,
    segmentBytes: 4096,
    segmentMaxAgeMs: 60_000,
    maxBatchBytes: 4096,
    maxQueuedBytes: 1e9,
    recordType: recordTypes.event,
    provenSeq: 0,
    clock: stoppedClock,
    random: seededRandom(1),
    ...options,
  })
}

/** Appends records with the numbers `from` to `to`, each in a batch of its own. */
export async function appendNumbers(log: Log, from: number, to: number, bodyBytes = 500): Promise<void> {
  for (let number = from; number <= to; number++) await log.append([numberedRecord(number, bodyBytes)])
}

/** The numbers of the records behind `after`; a hole is an array of its first and its last number. */
export async function readNumbers(log: Log, after = 0): Promise<(number | [number, number])[]> {
  const reader = log.reader()
  const numbers: (number | [number, number])[] = []
  let last = after
  for (;;) {
    const items = await reader.read(last, 50, 1e9)
    for (const item of items) {
      numbers.push(numberOf(item))
      last = item.kind === 'record' ? item.seq : item.hole.to
    }
    if (items.length > 0) continue
    await reader.close()
    return numbers
  }
}

function numberOf(item: LogItem): number | [number, number] {
  if (item.kind === 'hole') return [item.hole.from, item.hole.to]
  const number = Number(item.meta)
  if (Buffer.compare(item.body, bodyOf(number, item.body.length)) !== 0)
    throw new Error(`The body of ${number} is wrong.`)
  return number
}

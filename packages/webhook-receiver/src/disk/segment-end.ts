import { isNoSpace, isUnreadable, readFully, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { quarantine } from './quarantine.ts'
import { sealSegment } from './segment-sealer.ts'
import type { Scan, Verdict } from './segment-scanner.ts'
import type { Segment } from './segment.ts'

const CHUNK_BYTES = 1024 * 1024

export interface SegmentEndOptions {
  readonly fileSystem: FileSystem
  readonly quarantineDirectory: string
  readonly file: OpenFile
  readonly size: number
  readonly segment: Segment
  readonly scan: Scan
  readonly verdict: Verdict
  /** Where records begin that may be in the page cache only. */
  readonly unsyncedFrom: number | undefined
}

/**
 * Makes durable what was found in the newest segment, and cuts off a write that was never finished. `canAppend`: its end is undamaged, so that
 * the log may go on there.
 */
export async function settleNewest(
  options: SegmentEndOptions,
): Promise<{ readonly canAppend: boolean; readonly tornBytes: number }> {
  const { file, segment, scan, verdict } = options
  const isClean = verdict.holes.length === 0
  await rewriteUnsynced(options)
  if (scan.isEnded && isClean) {
    await sealAgain(options)
    return { canAppend: false, tornBytes: 0 }
  }
  const end = verdict.keptEnd
  const tornBytes = verdict.tornTail ? (await endOfContent(file, end, options.size)) - end : 0
  if (tornBytes === 0) {
    await file.datasync()
    return { canAppend: isClean, tornBytes }
  }
  segment.index.forgetFrom(end)
  const saved = await quarantine(options.fileSystem, options.quarantineDirectory, file, {
    segment: segment.name,
    offset: end,
    length: tornBytes,
    reason: 'unfinished write',
    fromSeq: verdict.lastSeq + 1,
  })
  // Without a copy nothing is cut: the bytes stay, and a new segment that starts with the same number puts them out of force.
  if (saved) await file.truncate(end)
  await file.datasync()
  return { canAppend: saved && isClean, tornBytes }
}

/** Makes an older segment durable, and gives it the seal that it did not get, unless there is more behind its records than nothing. */
export async function settleOlder(options: SegmentEndOptions): Promise<void> {
  const { file, scan, verdict } = options
  const isClean = verdict.holes.length === 0
  await rewriteUnsynced(options)
  const canSeal = scan.isEnded || (await endOfContent(file, verdict.keptEnd, options.size)) === verdict.keptEnd
  if (isClean && canSeal) await sealAgain(options)
  else await file.datasync()
}

/** What a killed process wrote may be in the page cache only; readers are about to act on it. */
async function rewriteUnsynced({ file, unsyncedFrom, verdict }: SegmentEndOptions): Promise<void> {
  if (unsyncedFrom !== undefined) await rewrite(file, unsyncedFrom, verdict.keptEnd)
}

/** The seal can be done without: the segment is read again at the next opening. */
async function sealAgain({ file, segment, verdict }: SegmentEndOptions): Promise<void> {
  await file.datasync()
  if (!segment.isEmpty) await sealSegment(file, segment, verdict.lastBatch).catch(() => undefined)
}

/** Where the last byte ends that is not zero; zeros were allocated ahead and hold nothing. What cannot be read may be anything. */
async function endOfContent(file: OpenFile, from: number, size: number): Promise<number> {
  let end = from
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(0, size - from)))
  for (let at = from; at < size; at += chunk.length) {
    let length: number
    try {
      length = await readFully(file, chunk.subarray(0, Math.min(chunk.length, size - at)), at)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      return size
    }
    for (let index = length - 1; index >= 0; index--) {
      if (chunk[index] === 0) continue
      end = at + index + 1
      break
    }
  }
  return end
}

/**
 * Writes bytes to where they are. A sync that failed leaves pages that look clean and are not on the disk; only a new write makes the next sync
 * write them.
 */
async function rewrite(file: OpenFile, from: number, end: number): Promise<void> {
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(0, end - from)))
  for (let at = from; at < end; at += chunk.length) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, end - at))
    try {
      if ((await readFully(file, bytes, at)) < bytes.length) return
      await writeFully(file, [bytes], at)
    } catch (error) {
      // What cannot be read is damage, and was judged. A full disk is one that copies on write; opening must not depend on room.
      if (!isUnreadable(error) && !isNoSpace(error)) throw error
    }
  }
}

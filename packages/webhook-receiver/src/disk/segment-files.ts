import { BufferError } from '../buffer/buffer-error.ts'
import type { BodyCodec } from './body/body-codec.ts'
import { openIfPresent, readDespiteDamage, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { quarantine } from './quarantine.ts'
import { type RecoveryMode, strictRefusal } from './recovery-mode.ts'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  FORMAT_VERSION,
  isUnfinishedSegment,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentKey,
} from './segment-format.ts'
import { salvageHeader } from './salvage/salvage-header.ts'
import { type FoundSeal, readSeal } from './segment-sealer.ts'
import { Segment } from './segment.ts'

/** A segment file whose header is known. */
export interface SegmentFile {
  readonly segment: Segment
  readonly size: number
  /** Set when the segment is sealed and its seal holds. */
  readonly seal: FoundSeal | undefined
}

export interface SegmentSearch {
  readonly fileSystem: FileSystem
  readonly segmentDirectory: string
  readonly quarantineDirectory: string
  /** The copy of the newest segment's header in META. */
  readonly activeHeader: Buffer | undefined
  /** Everything up to here was durable. */
  readonly provenSeq: number
  readonly recovery: RecoveryMode
  readonly recordType: number
  readonly bodies: BodyCodec
  /** Wall-clock time, ms since the epoch. */
  readonly now: number
}

/**
 * Finds the segments in the order of the log, with two small reads for each. A header that is damaged is put back from its copy. Files that
 * have none, anywhere, are moved to quarantine; files that never became a segment are removed.
 */
export async function findSegments(search: SegmentSearch): Promise<SegmentFile[]> {
  const { fileSystem, segmentDirectory } = search
  const found: SegmentFile[] = []
  const names = (await fileSystem.list(segmentDirectory)).toSorted()
  for (const name of names.filter(isUnfinishedSegment)) await fileSystem.remove(`${segmentDirectory}/${name}`)
  const segments = names.filter((name) => parseSegmentName(name) !== undefined)
  for (const name of segments) {
    const path = `${segmentDirectory}/${name}`
    const file = await openIfPresent(fileSystem, path, 'write')
    if (file === undefined) continue
    try {
      const notBefore = found.at(-1)?.segment.header.createdAt ?? 0
      const opened = await identify(search, { name, isLast: name === segments.at(-1), notBefore }, file)
      if (opened === 'kept') continue
      if (opened !== 'void') {
        found.push(opened)
        continue
      }
    } finally {
      await file.close()
    }
    await fileSystem.remove(path)
  }
  return found
}

interface NamedFile {
  readonly name: string
  /** Whether it is the newest. */
  readonly isLast: boolean
  /** When the segment before it was begun. */
  readonly notBefore: number
}

/** The segment in a file; `void` when the file can go, `kept` when it is damaged and there is no room for a copy. */
async function identify(
  search: SegmentSearch,
  { name, isLast, notBefore }: NamedFile,
  file: OpenFile,
): Promise<SegmentFile | 'void' | 'kept'> {
  const size = await file.size()
  const seal = await readSeal(file, size)
  const { header: copy, isDamaged } = await readHeader(search, file, name, seal)
  const { baseSeq = 0, epoch = 0 } = parseSegmentName(name) ?? {}
  // A crash while the newest segment was being made can leave it without a header. Nothing in it was acknowledged.
  const isUnborn = isLast && baseSeq > search.provenSeq
  if (isDamaged && search.recovery === 'strict' && !isUnborn) throw strictRefusal(`the header of ${name} is damaged`)
  const header =
    copy ??
    (search.recovery === 'salvage'
      ? await salvageHeader({ ...search, file, size, baseSeq, epoch, notBefore, notAfter: search.now })
      : undefined)
  if (header === undefined) {
    // A crash while the segment was made leaves no record behind; anything else is kept for people to look at.
    if (size <= SEGMENT_HEADER_BYTES) return 'void'
    const saved = await quarantine(search.fileSystem, search.quarantineDirectory, file, {
      segment: name,
      offset: 0,
      length: size,
      reason: 'unreadable segment header',
      fromSeq: baseSeq,
    })
    // It stays where it is, for the next opening.
    return saved ? 'void' : 'kept'
  }
  if (header.formatVersion > FORMAT_VERSION)
    throw new BufferError(
      'buffer_unusable',
      `The segment ${name} has format ${header.formatVersion}; this version reads up to ${FORMAT_VERSION}.`,
    )
  // It serves as well where it cannot be put back. What is no copy is not written over what it was made of before that is safe.
  if (isDamaged && (copy !== undefined || (await keepHeader(search, name, baseSeq, file))))
    await putBack(file, header).catch(() => undefined)
  const isOwn = seal?.marker.equals(segmentKey(header).marker) === true
  return { segment: new Segment(`${search.segmentDirectory}/${name}`, header), size, seal: isOwn ? seal : undefined }
}

/** Keeps a damaged header, which is about to be written over. */
function keepHeader(search: SegmentSearch, name: string, baseSeq: number, file: OpenFile): Promise<boolean> {
  return quarantine(search.fileSystem, search.quarantineDirectory, file, {
    segment: name,
    offset: 0,
    length: SEGMENT_HEADER_BYTES,
    reason: 'damaged segment header, put back',
    fromSeq: baseSeq,
  })
}

/** The header of a segment: its own or a copy. */
async function readHeader(
  search: SegmentSearch,
  file: OpenFile,
  name: string,
  seal: FoundSeal | undefined,
): Promise<{ readonly header: SegmentHeader | undefined; readonly isDamaged: boolean }> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  await readDespiteDamage(file, bytes, 0)
  const parsed = parseSegmentName(name)
  for (const candidate of [bytes, search.activeHeader, seal?.content.header]) {
    const header = candidate === undefined ? undefined : decodeSegmentHeader(candidate)
    if (header === undefined || header.baseSeq !== parsed?.baseSeq || header.epoch !== parsed.epoch) continue
    return { header, isDamaged: candidate !== bytes }
  }
  return { header: undefined, isDamaged: true }
}

async function putBack(file: OpenFile, header: SegmentHeader): Promise<void> {
  await writeFully(file, [encodeSegmentHeader(header)], 0)
  await file.datasync()
}

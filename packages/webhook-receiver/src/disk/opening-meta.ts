import type { Random } from '@holdfast/core'
import { type Meta, withHoles } from './meta-codec.ts'
import type { Recovered } from './recovery.ts'
import { encodeSegmentHeader, parseSegmentName, randomSalt } from './segment-format.ts'
import { mergeRanges, type SeqRange, subtractRanges } from './seq.ts'

/** What META says once the log is recovered, and the holes that it did not know of. */
export function openingMeta(options: {
  /** What it said before; `undefined`: the log is new, or META is lost. */
  readonly known: Meta | undefined
  readonly recovered: Recovered
  /** Names in the directory of the segments. */
  readonly segmentNames: readonly string[]
  readonly random: Random
}): { readonly meta: Meta; readonly newHoles: readonly SeqRange[] } {
  const { known, recovered, segmentNames, random } = options
  const newest = recovered.segments.at(-1)
  const mended = mergeRanges(recovered.mended.map((seq) => ({ from: seq, to: seq })))
  return withHoles(
    {
      storeId: known?.storeId ?? randomSalt(random),
      epoch: highestEpoch(segmentNames, known) + 1,
      firstSeq: known?.firstSeq ?? recovered.segments[0]?.baseSeq ?? 1,
      durableSeqHint: recovered.durableSeq,
      // The newest segment may have been left without a copy: META is lost, or a write to it failed.
      activeHeader: newest === undefined ? known?.activeHeader : encodeSegmentHeader(newest.header),
      unlistedLost: known?.unlistedLost ?? 0,
      releasedLost: known?.releasedLost ?? 0,
      listedFrom: known?.listedFrom ?? 0,
      holes: subtractRanges(known?.holes ?? [], mended),
      releasedHoles: known?.releasedHoles ?? [],
    },
    recovered.holes,
  )
}

/** Segment names carry epochs too, so that one is never used again even when META is lost. */
function highestEpoch(segmentNames: readonly string[], known: Meta | undefined): number {
  return Math.max(known?.epoch ?? 0, ...segmentNames.map((name) => parseSegmentName(name)?.epoch ?? 0))
}

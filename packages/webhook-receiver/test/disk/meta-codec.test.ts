import { expect, test } from 'vitest'
import { decodeMeta, encodeMeta, MAX_LISTED_HOLES, type Meta, withFirstSeq } from '../../src/disk/meta-codec.ts'
import { SLOT_PAYLOAD_BYTES } from '../../src/disk/two-slot-file.ts'

const ranges = (count: number, from: number) =>
  Array.from({ length: count }, (_, index) => ({ from: from + 2 * index, to: from + 2 * index }))

const meta: Meta = {
  storeId: Buffer.alloc(16),
  epoch: 1,
  firstSeq: 1,
  durableSeqHint: 9_999,
  activeHeader: undefined,
  unlistedLost: 0,
  releasedLost: 0,
  listedFrom: 0,
  holes: [],
  releasedHoles: [],
}

test.each([0, 1, MAX_LISTED_HOLES - 1, MAX_LISTED_HOLES])(
  'META has room for %s holes, and for the latest of those below firstSeq what is left of it',
  (listed) => {
    const holes = ranges(listed, 5_000)
    const releasedHoles = ranges(MAX_LISTED_HOLES, 1)
    const bytes = encodeMeta({ ...meta, firstSeq: 4_000, holes, releasedHoles })
    expect(bytes.length).toBeLessThanOrEqual(SLOT_PAYLOAD_BYTES)
    const read = decodeMeta(bytes)
    expect(read.holes).toEqual(holes)
    expect(read.releasedHoles).toEqual(releasedHoles.slice(listed))
  },
)

test('of holes below firstSeq no more are remembered than META can list', () => {
  const before = { ...meta, holes: ranges(MAX_LISTED_HOLES, 1_001), releasedHoles: ranges(MAX_LISTED_HOLES, 1) }
  expect(withFirstSeq(before, 4_000).releasedHoles).toEqual(ranges(MAX_LISTED_HOLES, 1_001))
})

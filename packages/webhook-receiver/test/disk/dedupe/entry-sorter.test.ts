import { describe, expect, test } from 'vitest'
import { sortedOffsets } from '../../../src/disk/dedupe/entry-sorter.ts'
import { ENTRY_BYTES, fingerprintAt, storedIdAt, writeEntry } from '../../../src/disk/dedupe/id-entry.ts'
import { idOf } from './sample-ids.ts'

function entriesOf(ids: readonly string[]): Buffer {
  const entries = Buffer.alloc(ids.length * ENTRY_BYTES)
  for (const [index, id] of ids.entries()) writeEntry(entries, index * ENTRY_BYTES, id, { seq: index + 1, at: 0 })
  return entries
}

function sorted(ids: readonly string[], partBits = 0): string[] {
  const entries = entriesOf(ids)
  return sortedOffsets(entries, partBits).map((offset) => fingerprintAt(entries, offset))
}

describe('sortedOffsets', () => {
  test('sorts by fingerprint', () => {
    const ids = Array.from({ length: 3000 }, (_, index) => idOf(index))
    expect(sorted(ids)).toEqual(ids.toSorted())
  })

  test('sorts ids that share their first bits, whichever byte tells them apart', () => {
    const same = idOf(1)
    const ids = Array.from({ length: 32 * 4 }, (_, index) => {
      const bytes = Buffer.from(same, 'latin1')
      bytes[index % 32] = (bytes[index % 32] ?? 0) ^ (1 + (index >> 5))
      return bytes.toString('latin1')
    })
    for (const partBits of [0, 3]) {
      const part = ids.filter((id) => partBits === 0 || id.charCodeAt(0) >> 5 === same.charCodeAt(0) >> 5)
      expect(part.length).toBeGreaterThan(100)
      expect(sorted(part, partBits)).toEqual(part.toSorted())
    }
  })

  test('sorts more ids than one sort of numbers takes', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => idOf(index))
    expect(sorted(ids)).toEqual(ids.toSorted())
  })

  test('keeps the latest event of an id that is there more than once', () => {
    const entries = entriesOf([idOf(1), idOf(2), idOf(1), idOf(3), idOf(1)])
    const kept = sortedOffsets(entries, 0).map((offset) => storedIdAt(entries, offset).seq)
    expect(kept.toSorted((left, right) => left - right)).toEqual([2, 4, 5])
  })
})

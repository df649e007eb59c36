import { describe, expect, test } from 'vitest'
import { ENTRY_BYTES, fingerprintAt, storedIdAt } from '../../../src/disk/dedupe/id-entry.ts'
import { IdTable } from '../../../src/disk/dedupe/id-table.ts'
import { idOf } from './sample-ids.ts'

function filled(count: number): IdTable {
  const table = new IdTable()
  for (let number = 1; number <= count; number++)
    table.add(idOf(number), { seq: number, at: 1_750_000_000_000 + number })
  return table
}

describe('IdTable', () => {
  test('finds what was added, through many growths, and nothing else', () => {
    const table = filled(5000)
    for (let number = 1; number <= 5000; number++)
      expect(table.find(idOf(number))).toEqual({ seq: number, at: 1_750_000_000_000 + number })
    for (let number = 5001; number <= 10_000; number++) expect(table.find(idOf(number))).toBeUndefined()
  })

  test('keeps the entries in the order in which they were added', () => {
    const { entries } = filled(300)
    expect(entries.length).toBe(300 * ENTRY_BYTES)
    expect(fingerprintAt(entries, 299 * ENTRY_BYTES)).toBe(idOf(300))
    expect(storedIdAt(entries, 299 * ENTRY_BYTES).seq).toBe(300)
  })

  test('finds the latest of two events with one id, also after it has grown', () => {
    const table = filled(20)
    table.add(idOf(5), { seq: 21, at: 1 })
    expect(table.find(idOf(5))?.seq).toBe(21)
    for (let number = 22; number <= 500; number++) table.add(idOf(number), { seq: number, at: 1 })
    expect(table.find(idOf(5))?.seq).toBe(21)
    expect(table.size).toBe(500)
  })

  test('forgets the end, and finds the earlier event of an id again', () => {
    const table = filled(100)
    table.add(idOf(5), { seq: 101, at: 1 })
    table.dropFrom(90)
    expect(table.size).toBe(89)
    expect(table.find(idOf(5))?.seq).toBe(5)
    expect(table.find(idOf(90))).toBeUndefined()
    expect(table.find(idOf(89))?.seq).toBe(89)
  })

  test('gives a part of its records', () => {
    const table = filled(100)
    expect(table.between({ from: 1, to: 100 })).toBe(table)
    const part = table.between({ from: 40, to: 60 })
    expect(part.size).toBe(21)
    expect([part.find(idOf(39)), part.find(idOf(40))?.seq, part.find(idOf(60))?.seq, part.find(idOf(61))]).toEqual([
      undefined,
      40,
      60,
      undefined,
    ])
  })

  test('holds the largest numbers that an entry has room for', () => {
    const table = new IdTable()
    const stored = { seq: 2 ** 48 - 1, at: 2 ** 48 - 1 }
    table.add(idOf(1), stored)
    expect(table.find(idOf(1))).toEqual(stored)
    table.add(idOf(2), { seq: 1, at: -5 })
    expect(table.find(idOf(2))).toEqual({ seq: 1, at: 0 })
  })
})

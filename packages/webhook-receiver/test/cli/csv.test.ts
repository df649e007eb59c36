import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvRow, readCsv } from '../../src/cli/csv.ts'

describe('readCsv', () => {
  it('reads back whatever was written, in whatever pieces it comes', async () => {
    const cell = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'a') }))
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (expected, size) => {
        expect(await read(piecesOf(expected.map(csvRow).join(''), size))).toEqual(expected)
      }),
    )
  })

  it('takes either line end, a byte order mark, and a last line without an end', async () => {
    expect(await read(['\uFEFFa,b\nc,"d"\r\n\n"e",f'])).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ])
  })

  it.each([
    ['a,"b', 'line 1: a quoted cell has no end'],
    ['x,y\na,b"c', 'line 2: a quote in the middle'],
    ['"a"b,c', 'line 1: text behind the quote'],
  ])('names the line where a quote is out of place: %j', async (text, message) => {
    await expect(read([text])).rejects.toThrow(message)
  })
})

async function read(pieces: readonly string[]): Promise<string[][]> {
  const rows: string[][] = []
  for await (const row of readCsv(piecesAsync(pieces))) rows.push(row)
  return rows
}

async function* piecesAsync(pieces: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* pieces
}

function piecesOf(text: string, size: number): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  )
}

import { describe, expect, it } from 'vitest'
import { linesOf } from '../../src/cli/text-lines.ts'

describe('linesOf', () => {
  it.each([
    [['a\nb\n'], ['a', 'b']],
    [
      ['a', 'b\nc', '\r', '\n', 'd'],
      ['ab', 'c', 'd'],
    ],
    [
      ['a\r\n\nb\n', '\n'],
      ['a', '', 'b', ''],
    ],
    [['', '\n', ''], ['']],
    [[], []],
  ])('makes of %j the lines %j', async (chunks, lines) => {
    expect(await read(chunks)).toEqual(lines)
  })

  it('reads a line of many pieces in one go', async () => {
    const pieces = Array.from({ length: 30_000 }, () => 'x'.repeat(1_000))
    const [line, ...rest] = await read([...pieces, '\n'])
    expect([line?.length, rest]).toEqual([30_000_000, []])
  })
})

async function read(chunks: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(piecesOf(chunks))) lines.push(line)
  return lines
}

async function* piecesOf(chunks: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* chunks
}

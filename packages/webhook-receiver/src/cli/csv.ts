/** One row in the form of RFC 4180: quoted where it must be, ended by CR LF. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Reads rows in the form of RFC 4180, whatever pieces the text comes in. Line ends may be CR LF or LF.
 *
 * @throws SyntaxError with the number of the line when a quote is out of place.
 */
export async function* readCsv(chunks: AsyncIterable<string>): AsyncGenerator<string[], void, undefined> {
  let row: string[] = []
  let cell = ''
  // Within quotes; or behind a quote that ends the cell, if the next character is not another quote.
  let state: 'plain' | 'quoted' | 'ended' = 'plain'
  let line = 1
  let isFirst = true
  for await (const chunk of chunks) {
    for (const character of isFirst && chunk.startsWith('\uFEFF') ? chunk.slice(1) : chunk) {
      if (character === '\n') line++
      if (state === 'quoted') {
        if (character === '"') state = 'ended'
        else cell += character
        continue
      }
      if (character === '"') {
        if (state === 'ended') {
          cell += '"'
          state = 'quoted'
        } else if (cell === '') state = 'quoted'
        else throw new SyntaxError(`line ${line}: a quote in the middle of a cell that is not quoted`)
      } else if (character === ',') {
        row.push(cell)
        cell = ''
        state = 'plain'
      } else if (character === '\n') {
        row.push(cell.endsWith('\r') && state === 'plain' ? cell.slice(0, -1) : cell)
        if (row.length > 1 || row[0] !== '') yield row
        row = []
        cell = ''
        state = 'plain'
      } else if (state === 'ended') {
        if (character !== '\r') throw new SyntaxError(`line ${line}: text behind the quote that ends a cell`)
      } else cell += character
    }
    isFirst = false
  }
  if (state === 'quoted') throw new SyntaxError(`line ${line}: a quoted cell has no end`)
  row.push(cell)
  if (row.length > 1 || row[0] !== '') yield row
}

/** Bytes as text, decoded as UTF-8 across the ends of pieces. */
export async function* decodeText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

/** Lines of a text, without their ends. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  // Joined once, for a line may have thousands of pieces.
  let pieces: string[] = []
  for await (const chunk of chunks) {
    const [end = '', ...lines] = chunk.split('\n')
    pieces.push(end)
    const begun = lines.pop()
    if (begun === undefined) continue
    yield withoutReturn(pieces.join(''))
    for (const line of lines) yield withoutReturn(line)
    pieces = [begun]
  }
  const rest = pieces.join('')
  if (rest !== '') yield rest
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/**
 * A piece of a message: raw bytes, or a byte string, in which each UTF-16 unit from 0 to 255 is one byte. HTTP header values
 * come as byte strings; keeping them so means that nothing is ever decoded and encoded again.
 */
export type MessagePiece = Uint8Array | string

/** Adds to a message; text is joined with text before it, for each piece costs a call into the hash. */
export function addPiece(pieces: MessagePiece[], piece: MessagePiece): void {
  if (piece === '') return
  const last = pieces.length - 1
  // Not before the first: an index of -1 is a property that the engine looks for slowly.
  const before = last < 0 ? undefined : pieces[last]
  if (typeof piece === 'string' && typeof before === 'string') pieces[last] = before + piece
  else pieces.push(piece)
}

/** How many bytes the pieces are together. */
export function pieceBytes(pieces: readonly MessagePiece[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** The pieces as one array of bytes. */
export function joinPieces(pieces: readonly MessagePiece[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieceBytes(pieces))
  let offset = 0
  for (const piece of pieces) offset = writePiece(joined, offset, piece)
  return joined
}

/** Writes a piece at an offset and returns the offset behind it. */
export function writePiece(target: Uint8Array, offset: number, piece: MessagePiece): number {
  if (typeof piece === 'string') {
    for (let index = 0; index < piece.length; index++) target[offset + index] = piece.charCodeAt(index)
  } else {
    target.set(piece, offset)
  }
  return offset + piece.length
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addPiece, joinPieces, type MessagePiece, pieceBytes } from '../../src/verify/message-piece.ts'

const piece: fc.Arbitrary<MessagePiece> = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)

function bytesOf(part: MessagePiece): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part, 'latin1') : part
}

describe('addPiece', () => {
  test('joins text with text before it, and leaves empty text out', () => {
    const pieces: MessagePiece[] = []
    for (const part of ['a', '', 'b', Uint8Array.of(1), '', 'c']) addPiece(pieces, part)
    expect(pieces).toEqual(['ab', Uint8Array.of(1), 'c'])
  })

  test('changes no byte of the message', () => {
    fc.assert(
      fc.property(fc.array(piece), (parts) => {
        const pieces: MessagePiece[] = []
        for (const part of parts) addPiece(pieces, part)
        const whole = Buffer.concat(parts.map(bytesOf))
        expect(Buffer.from(joinPieces(pieces))).toEqual(whole)
        expect(pieceBytes(pieces)).toBe(whole.length)
      }),
    )
  })
})

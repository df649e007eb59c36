import type { HandshakeChallenge } from './handshake.ts'

// Ranges within letters or digits, single printable characters, and a `-` at the end.
const NOTATION = /^(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|[ -,.-~])*-?$/

/** Whether a text is an alphabet as challenges have it, such as `A-Za-z0-9._-`. */
export function isAlphabet(notation: string): boolean {
  if (notation === '' || !NOTATION.test(notation)) return false
  return [...notation.matchAll(/([a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d)/g)].every(
    ([range]) => range.charAt(0) < range.charAt(2),
  )
}

/** Matches the texts that a challenge may be, as a whole. */
export function challengePattern({ alphabet, maxLength }: Pick<HandshakeChallenge, 'alphabet' | 'maxLength'>): RegExp {
  return new RegExp(`^[${alphabet.replaceAll(/[\\\]^[]/g, String.raw`\$&`)}]{1,${maxLength}}$`)
}

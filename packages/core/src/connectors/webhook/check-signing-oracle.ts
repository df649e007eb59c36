import type { Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { challengePattern } from './challenge-pattern.ts'
import type { HandshakeChallenge } from './handshake.ts'

/**
 * Refuses a handshake whose answer could be the signature of an event: whoever may ask for an HMAC of a text with the key that
 * signs events, or for a hash of a text where such a hash is the signature, can forge what that text can be.
 *
 * An HMAC is fine where every signed message has a character that no challenge has. A message that is the body, or one field of
 * it, has no such character for sure; the verifier then refuses those that a challenge could be, see `messageDomainOf`.
 *
 * @throws InvalidOptionsError with the path of the handshake's alphabet.
 */
export function checkSigningOracle(path: string, handshakes: readonly Shape[], schemes: readonly Shape[]): void {
  handshakes.forEach((handshake, index) => {
    const at = `${path}.handshakes[${index}]`
    for (const hash of hashesIn(handshake.respond, 'hmac')) checkHmac(at, hash, handshake.challenge, schemes)
    for (const hash of hashesIn(handshake.respond, 'digest')) {
      if (schemes.some((scheme) => scheme.scheme === 'digest' && scheme.hash === hash))
        throw refusal(`${at}.respond`, `without a plain ${String(hash)}, which signs events here`, 'one with it')
    }
  })
}

function checkHmac(at: string, hash: unknown, challenge: unknown, schemes: readonly Shape[]): void {
  const pattern = challengePattern(challenge as HandshakeChallenge)
  if (!schemes.some((scheme) => scheme.scheme === 'hmac' && scheme.hash === hash))
    throw refusal(`${at}.respond`, `an HMAC with the hash of a scheme in \`verify\`, whose key it takes`, String(hash))
  for (const scheme of schemes) {
    if (keepsApart(scheme, hash, pattern)) continue
    throw refusal(
      `${at}.challenge.alphabet`,
      'one that lacks a character of every signed message, so that no answer is the signature of an event',
      'one that has all of them',
    )
  }
}

function keepsApart(scheme: Shape, hash: unknown, pattern: RegExp): boolean {
  switch (scheme.scheme) {
    case 'hmac':
      return scheme.hash !== hash || isSeparated(scheme, pattern) || isWholeValue(scheme)
    case 'jwt':
      // RFC 7515: what is signed has a dot between header and payload.
      return !algorithmsOf(scheme).includes(`HS${String(hash).slice(3)}`) || !pattern.test('.')
    case 'http-signature':
      // RFC 9421: what is signed names its components in quotes.
      return !algorithmsOf(scheme).includes(`hmac-${String(hash)}`) || !pattern.test('"')
    default:
      return true
  }
}

/** Whether a fixed text in the message has a character that no challenge has. */
function isSeparated(scheme: Shape, pattern: RegExp): boolean {
  return partsOf(scheme).some((part) => {
    if (part.optional === true) return false
    const fixed = [part.before, part.after, part.part === 'literal' ? part.value : part.part === 'url' ? '/' : '']
    return fixed.some(
      (text) => typeof text === 'string' && Array.from(text).some((character) => !pattern.test(character)),
    )
  })
}

/** Whether the message is the body, or one field of it, and nothing else. */
function isWholeValue(scheme: Shape): boolean {
  const [part, ...more] = partsOf(scheme)
  const alone = more.length === 0 && part?.before === undefined && part?.after === undefined
  return alone && scheme.each === undefined && (part?.part === 'body' || part?.part === 'field')
}

function partsOf(scheme: Shape): readonly Shape[] {
  return scheme.message as readonly Shape[]
}

function algorithmsOf(scheme: Shape): readonly unknown[] {
  return Array.isArray(scheme.algorithms) ? scheme.algorithms : []
}

/** The hashes of all values of a kind, however deep. */
function hashesIn(value: unknown, kind: 'hmac' | 'digest'): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === kind && typeof item === 'object' && item !== null && 'hash' in item
      ? [(item as Shape).hash]
      : hashesIn(item, kind),
  )
}

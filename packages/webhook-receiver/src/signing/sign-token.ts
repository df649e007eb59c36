import type { JwtAlgorithm, JwtHashClaim, JwtScheme } from '@holdfast/core'
import { byteString, utf8Bytes } from '../verify/encoding.ts'
import type { HashName } from '../verify/hash-provider.ts'
import { jwtKeyKinds } from '../verify/jwt/jwt-keys.ts'
import { joinPieces, type MessagePiece } from '../verify/message-piece.ts'
import { decodeKey, keyForm } from '../verify/secret-form.ts'
import type { AlgorithmFacts } from '../verify/signature-provider.ts'
import type { DraftRequest } from './draft-request.ts'
import { fulfilSelect } from './fill-message.ts'
import { firstPlace } from './first-place.ts'
import { signBytes } from './private-key.ts'
import { encode } from './sign-message.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign } from './signing-error.ts'
import { writeValues } from './write-values.ts'

const LIFETIME_S = 300

/** Writes a JSON Web Token (RFC 7519) about a request into it. */
export async function signToken(draft: DraftRequest, scheme: JwtScheme, context: SigningContext): Promise<void> {
  const { key } = context
  const place = firstPlace(scheme.token)
  fulfilSelect(draft, scheme.select, context, ({ from, name }) => from === place.from && name === place.name)
  const algorithm = algorithmOf(scheme, key.algorithm)
  const header = { alg: algorithm, typ: 'JWT', ...(key.keyId !== undefined && { kid: key.keyId }) }
  const content = [header, await claimsOf(draft, scheme, context)]
    .map((part) => encode(utf8Bytes(JSON.stringify(part)), 'base64url'))
    .join('.')
  const signature = encode(await signText(content, algorithm, scheme, context), 'base64url')
  const format = scheme.token.format ?? { kind: 'plain' }
  writeValues(draft, [{ source: place, format, text: `${content}.${signature}` }], '')
}

/** The algorithm that the application names, or the first. */
function algorithmOf({ algorithms }: JwtScheme, wanted: string | undefined): JwtAlgorithm {
  const algorithm = wanted === undefined ? algorithms[0] : algorithms.find((allowed) => allowed === wanted)
  if (algorithm !== undefined) return algorithm
  throw cannotSign('key.algorithm', algorithms.map((allowed) => `'${allowed}'`).join(' | '), 'another')
}

async function claimsOf(
  draft: DraftRequest,
  { claims: expected = {} }: JwtScheme,
  { hashes, timestampMs, eventId, random, claims }: SigningContext,
): Promise<Readonly<Record<string, unknown>>> {
  const { bodyHash, urlHash, issuer, audience, requires = [] } = expected
  const { body, url = '' } = draft.read().request
  const hashOf = async (claim: JwtHashClaim | undefined, content: MessagePiece) =>
    claim && { [claim.name]: encode(await hashes.digest(claim.hash, [content]), claim.encoding) }
  const issuedAt = Math.floor(timestampMs / 1000)
  return {
    ...Object.fromEntries(requires.map((name) => [name, random.uuid()])),
    ...(eventId?.from === 'claim' && eventId.name !== undefined && { [eventId.name]: random.uuid() }),
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: url }),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + LIFETIME_S,
    ...(await hashOf(bodyHash, body)),
    ...(await hashOf(urlHash, byteString(url))),
    ...claims,
  }
}

async function signText(
  text: string,
  algorithm: JwtAlgorithm,
  { secret: format = { encoding: 'utf8' } }: JwtScheme,
  { key, hashes }: SigningContext,
): Promise<Uint8Array> {
  const facts = factsOf(algorithm)
  if (facts !== undefined) return signBytes(facts, key.privateKey, joinPieces([text]))
  const secret = decodeKey(key.secret ?? '', format)
  if (secret === undefined) throw cannotSign('key', keyForm(format).description, 'a string of another form')
  return hashes.importKey(hashOf(algorithm), secret)([text])
}

/** What a public-key algorithm (RFC 7518 section 3.1) is made of; `undefined`: it takes a shared secret. */
function factsOf(algorithm: JwtAlgorithm): AlgorithmFacts | undefined {
  const kind = jwtKeyKinds[algorithm]
  if (kind === undefined) return undefined
  if (kind === 'ed25519') return { kind }
  const hash = hashOf(algorithm)
  return kind === 'rsa' ? { kind, hash, padding: algorithm.startsWith('PS') ? 'pss' : 'pkcs1' } : { kind, hash }
}

function hashOf(algorithm: JwtAlgorithm): HashName {
  return `sha${algorithm.slice(2)}` as HashName
}

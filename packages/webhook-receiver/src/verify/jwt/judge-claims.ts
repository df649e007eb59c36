import type { JwtClaims, JwtHashClaim } from '@holdfast/core'
import { byteString } from '../encoding.ts'
import type { HashProvider } from '../hash-provider.ts'
import type { MessagePiece } from '../message-piece.ts'
import { decoders } from '../signature-encoding.ts'
import type { VerifiableRequest } from '../verifiable-request.ts'
import type { BoundPart, VerifyFailureReason } from '../verify-result.ts'
import type { Claims } from './verify-token.ts'

/** What the claims of an authentic token cover of its request, or what of the request they deny. */
export async function judgeClaims(
  expected: JwtClaims,
  claims: Claims,
  { body, url }: VerifiableRequest,
  hashes: HashProvider,
): Promise<readonly BoundPart[] | VerifyFailureReason> {
  const bound: BoundPart[] = []
  const { bodyHash, urlHash, audience } = expected
  if (bodyHash !== undefined) {
    const verdict = await judgeHash(bodyHash, claims, [body], body.length === 0, hashes)
    if (verdict === 'missing_claim') return verdict
    if (verdict === 'differs') return 'body_mismatch'
    if (verdict === 'fits') bound.push('body')
  }
  if ((urlHash !== undefined || audience !== undefined) && url === undefined) return 'missing_url'
  if (urlHash !== undefined && url !== undefined) {
    const verdict = await judgeHash(urlHash, claims, [byteString(url)], body.length === 0, hashes)
    if (verdict === 'missing_claim') return verdict
    if (verdict === 'differs') return 'url_mismatch'
    if (verdict === 'fits') bound.push('url')
  }
  if (audience !== undefined && url !== undefined) {
    const own = claimOf(claims, 'aud')
    if (own === undefined) return 'missing_claim'
    if (![own].flat().some((item) => isSameUrl(item, url))) return 'url_mismatch'
    bound.push('url')
  }
  if (['iat', 'nbf', 'exp'].some((name) => claimOf(claims, name) !== undefined)) bound.push('timestamp')
  return bound
}

/** Compares in constant time; a claim that is no such hash differs. */
async function judgeHash(
  { name, hash, encoding, optional }: JwtHashClaim,
  claims: Claims,
  content: readonly MessagePiece[],
  emptyBody: boolean,
  hashes: HashProvider,
): Promise<'fits' | 'differs' | 'missing_claim' | 'absent'> {
  const claim = claimOf(claims, name)
  if (claim === undefined) return optional && emptyBody ? 'absent' : 'missing_claim'
  const claimed = typeof claim === 'string' ? decoders[encoding](claim) : undefined
  if (claimed === undefined) return 'differs'
  return hashes.equal(claimed, await hashes.digest(hash, content)) ? 'fits' : 'differs'
}

function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/** As URLs, for one side may spell the host or the port in its own way. */
function isSameUrl(claim: unknown, url: string): boolean {
  return (
    typeof claim === 'string' && URL.canParse(claim) && URL.canParse(url) && new URL(claim).href === new URL(url).href
  )
}

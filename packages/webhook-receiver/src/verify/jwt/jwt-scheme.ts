import type { JwtScheme, WebhookField } from '@holdfast/core'
import { decodeBase64Url } from '../encoding.ts'
import { keyFinderOf, mixedForm, mixedKeys } from '../keys/mixed-keys.ts'
import type { RequestReader } from '../request-reader.ts'
import type { SchemeKind } from '../scheme.ts'
import { compileSignatureSource } from '../signature-source.ts'
import { type BoundPart, notVerified, type VerifyResult } from '../verify-result.ts'
import { judgeClaims } from './judge-claims.ts'
import { jwtKeySource } from './jwt-keys.ts'
import { tokenCandidates } from './token-candidates.ts'
import type { Claims, TokenVerifier } from './verify-token.ts'

const DEFAULT_LEEWAY_MS = 60_000
// As much as most servers take as headers altogether.
const MAX_TOKEN_LENGTH = 16_384

/** JSON Web Tokens, verified by jose, which is loaded when the first one comes. */
export const jwtScheme: SchemeKind<JwtScheme> = {
  secretForm: (scheme) => mixedForm(jwtKeySource(scheme)),
  compile(scheme, secrets, setup) {
    const { hashes, eventId } = setup
    const expected = scheme.claims ?? {}
    const options = joseOptions(scheme, setup.toleranceMs)
    const findTokens = compileSignatureSource(scheme.token)
    const keys = mixedKeys(jwtKeySource(scheme), secrets)
    const findKeys = keyFinderOf(scheme.key, keys, setup.keys)
    let verifyWithKey: TokenVerifier | undefined

    const verifyToken = async (reader: RequestReader, token: string): Promise<VerifyResult> => {
      const { request } = reader
      const { createTokenVerifier, tokenHeader } = await import('./verify-token.ts')
      verifyWithKey ??= createTokenVerifier()
      const header = tokenHeader(token)
      if (header === undefined) return notVerified('malformed_signature')
      const algorithm = scheme.algorithms.find((allowed) => allowed === header.alg)
      if (algorithm === undefined) return notVerified('unexpected_algorithm')
      // An arrival time that is none fits nothing, and would make jose throw.
      if (!Number.isFinite(request.receivedAt)) return notVerified('stale_timestamp')
      const candidates = await tokenCandidates(reader, algorithm, header, keys, findKeys)
      if ('ok' in candidates) return candidates

      const currentDate = new Date(request.receivedAt)
      for (const { key, keyIndex, id } of candidates) {
        const { claims, wrong } = await verifyWithKey(token, algorithm, key, { ...options, currentDate })
        if (claims === undefined) {
          if (wrong === 'mismatch') continue
          return notVerified(wrong ?? 'malformed_signature')
        }
        // The time is judged last: `timestamp_stale` is only said of a request that is authentic otherwise.
        const covered = await judgeClaims(expected, claims, request, hashes)
        if (typeof covered === 'string') return notVerified(covered)
        if (wrong !== undefined) return notVerified(wrong)
        const bound = coversId(eventId, covered, claims) ? [...covered, 'id' as const] : covered
        return {
          ok: true,
          scheme: 'jwt',
          bound,
          strength: bound.includes('body') ? 'signature' : 'partial',
          keyIndex,
          claims,
          ...(id !== undefined && { keyId: id }),
          ...(eventId !== undefined && { eventId }),
        }
      }
      return notVerified('mismatch')
    }

    return {
      verify(reader) {
        const tokens = findTokens(reader)
        if (typeof tokens === 'string') return notVerified(tokens)
        const [token = '', ...others] = tokens
        // Two tokens may say different things.
        if (others.length > 0 || token.length > MAX_TOKEN_LENGTH || !isStrict(token))
          return notVerified('malformed_signature')
        return verifyToken(reader, token)
      },
    }
  },
}

/** Whether each part has the one spelling of its bytes (RFC 7515 section 2); jose takes others too. */
function isStrict(token: string): boolean {
  return !token.includes('=') && token.split('.').every((part) => decodeBase64Url(part) !== undefined)
}

function joseOptions(
  { claims = {}, maxAgeMs, leewayMs = DEFAULT_LEEWAY_MS }: JwtScheme,
  toleranceMs: number | undefined,
): { readonly clockTolerance: number; readonly requiredClaims: string[]; issuer?: string; maxTokenAge?: number } {
  const ageMs = toleranceMs ?? maxAgeMs
  return {
    clockTolerance: leewayMs / 1000,
    requiredClaims: [...(claims.requires ?? [])],
    ...(claims.issuer !== undefined && { issuer: claims.issuer }),
    ...(ageMs !== undefined && { maxTokenAge: ageMs / 1000 }),
  }
}

function coversId(eventId: WebhookField | undefined, bound: readonly BoundPart[], claims: Claims): boolean {
  switch (eventId?.from) {
    case 'claim':
      return Object.hasOwn(claims, eventId.name ?? '')
    case 'body':
      return bound.includes('body')
    case 'query':
      return bound.includes('url')
    case 'header':
    case undefined:
      return false
  }
}

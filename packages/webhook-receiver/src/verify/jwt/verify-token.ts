import type { JwtAlgorithm } from '@holdfast/core'
import { encodeBase64 } from '../encoding.ts'
import type { PublicKey } from '../keys/public-key.ts'
import { unsupportedAlgorithm } from '../unsupported-algorithm.ts'
import type { VerifyFailureReason } from '../verify-result.ts'
import { type CryptoKey, decodeProtectedHeader, importSPKI, jwtVerify, type JWTVerifyOptions } from './jose.ts'

/** What a token says of itself before anybody knows who wrote it. */
export interface TokenHeader {
  readonly alg: string
  readonly kid?: string
}

/** Claims of a token whose signature fits. */
export type Claims = Readonly<Record<string, unknown>>

/** The claims of a token that a key signed, and what is wrong with them; without claims: the key did not sign it. */
export interface TokenVerdict {
  readonly claims?: Claims
  readonly wrong?: VerifyFailureReason
}

/**
 * Verifies a token with one key. Never rejects for anything in the token; with `configuration_error` where the runtime does not
 * know the algorithm.
 */
export type TokenVerifier = (
  token: string,
  algorithm: JwtAlgorithm,
  key: Uint8Array | PublicKey,
  options: JWTVerifyOptions,
) => Promise<TokenVerdict>

/** Reads the header of a token; `undefined` where it has none. */
export function tokenHeader(token: string): TokenHeader | undefined {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return undefined
    return { alg, ...(kid !== undefined && { kid }) }
  } catch {
    return undefined
  }
}

/** Makes a verifier on jose that imports each key once. */
export function createTokenVerifier(): TokenVerifier {
  const imports = new WeakMap<PublicKey, Map<JwtAlgorithm, Promise<CryptoKey>>>()

  const importKey = (key: PublicKey, algorithm: JwtAlgorithm): Promise<CryptoKey> => {
    const own = imports.get(key) ?? new Map<JwtAlgorithm, Promise<CryptoKey>>()
    imports.set(key, own)
    const imported = own.get(algorithm) ?? importSPKI(pemOf(key), algorithm)
    own.set(algorithm, imported)
    return imported.catch((cause: unknown) => {
      throw unsupportedAlgorithm(algorithm, cause)
    })
  }

  return async (token, algorithm, key, options) => {
    const imported = key instanceof Uint8Array ? key : await importKey(key, algorithm)
    try {
      const { payload } = await jwtVerify(token, imported, { ...options, algorithms: [algorithm] })
      return { claims: payload }
    } catch (error) {
      return verdictOf(error as Partial<JoseFailure>)
    }
  }
}

/** What we read of jose's errors. */
interface JoseFailure {
  readonly code: string
  readonly claim: string
  readonly reason: string
  readonly payload: Claims
}

function verdictOf({ code, claim, reason, payload = {} }: Partial<JoseFailure>): TokenVerdict {
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') return { wrong: 'mismatch' }
  if (code === 'ERR_JWT_EXPIRED') return { claims: payload, wrong: 'stale_timestamp' }
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return { claims: payload, wrong: wrongClaim(claim, reason) }
  return { wrong: 'malformed_signature' }
}

function wrongClaim(claim: string | undefined, reason: string | undefined): VerifyFailureReason {
  if (reason === 'missing') return 'missing_claim'
  const isTime = claim === 'nbf' || claim === 'iat' || claim === 'exp'
  if (!isTime) return 'wrong_claim'
  return reason === 'invalid' ? 'malformed_timestamp' : 'future_timestamp'
}

function pemOf({ spki }: PublicKey): string {
  return `-----BEGIN PUBLIC KEY-----\n${encodeBase64(spki)}\n-----END PUBLIC KEY-----`
}

import type { JwtAlgorithm } from '@holdfast/core'
import type { KeyFinder } from '../keys/find-keys.ts'
import { fittingKeys, type MixedKey } from '../keys/mixed-keys.ts'
import type { PublicKey } from '../keys/public-key.ts'
import type { RequestReader } from '../request-reader.ts'
import type { NotVerified } from '../verify-result.ts'
import { isValidAt } from '../webhook-secret.ts'
import { jwtKeyKinds } from './jwt-keys.ts'
import type { TokenHeader } from './verify-token.ts'

/** A key that may have signed a token. */
export interface TokenCandidate {
  readonly key: Uint8Array | PublicKey
  readonly keyIndex: number
  readonly id: string | undefined
}

/** Finds the keys that may have signed a token with this header; those of another kind than its algorithm's never have. */
export async function tokenCandidates(
  reader: RequestReader,
  algorithm: JwtAlgorithm,
  { kid }: TokenHeader,
  keys: readonly MixedKey[],
  findKeys: KeyFinder | undefined,
): Promise<readonly TokenCandidate[] | NotVerified> {
  const kind = jwtKeyKinds[algorithm]
  const { receivedAt } = reader.request
  const own = fittingKeys(keys, kind, kid, (secret) => isValidAt(secret, receivedAt)).map(
    ({ key, secret: { keyIndex, id } }): TokenCandidate => ({ key, keyIndex, id }),
  )
  if (own.length > 0 || kind === undefined || findKeys === undefined) return own
  const found = await findKeys(reader, kid)
  if ('ok' in found) return found
  return found.keys
    .filter((key) => key.kind === kind && (key.algorithm === undefined || key.algorithm === algorithm))
    .map((key) => ({ key, keyIndex: -1, id: key.id ?? found.id }))
}

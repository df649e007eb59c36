import type { TokenScheme, WebhookField } from '@holdfast/core'
import { byteString, utf8ByteString } from './encoding.ts'
import type { CompiledScheme, VerifiableRequest } from './hmac-scheme.ts'
import type { HashProvider, MaybePromise } from './hmac.ts'
import { headerValues } from './request-headers.ts'
import { notVerified, type VerifyFailureReason, type VerifyResult } from './verify-result.ts'
import { webhookFields } from './webhook-body.ts'

/** A secret with its index in the options. */
export interface IndexedSecret {
  readonly secret: string
  readonly keyIndex: number
}

/**
 * Prepares a shared-token scheme. Tokens are hashed before they are compared, so that the time tells neither their content
 * nor the length of the secret.
 */
export function compileTokenScheme(
  scheme: TokenScheme,
  secrets: readonly IndexedSecret[],
  eventId: WebhookField | undefined,
  hashes: HashProvider,
): CompiledScheme {
  const expected = secrets.map(({ secret }) => hashes.sha256([utf8ByteString(secret)]))

  const judge = (digest: Uint8Array, digests: readonly Uint8Array[]): VerifyResult => {
    // Every secret is compared, so that time does not tell which one fitted.
    const fits = digests.map((candidate) => hashes.equal(candidate, digest))
    const fitting = secrets[fits.indexOf(true)]
    if (fitting === undefined) return notVerified('mismatch')
    const { keyIndex } = fitting
    return { ok: true, scheme: 'token', bound: [], strength: 'token', keyIndex, ...(eventId && { eventId }) }
  }

  return {
    select: scheme.select,
    bound: [],
    verify(request) {
      const token = readToken(scheme, request)
      if (typeof token !== 'object') return notVerified(token)
      const digest = hashes.sha256([token.bytes])
      if (digest instanceof Promise) {
        return Promise.all([digest, ...expected]).then(([first, ...rest]) => judge(first, rest))
      }
      return judge(digest, expected as readonly MaybePromise<Uint8Array>[] as readonly Uint8Array[])
    },
  }
}

function readToken(scheme: TokenScheme, { headers, body }: VerifiableRequest): { bytes: string } | VerifyFailureReason {
  if (scheme.header !== undefined) {
    const values = headerValues(headers, scheme.header)
    if (values.length > 1) return 'duplicate_header'
    if (values[0] !== undefined) return { bytes: byteString(values[0]) }
  }
  if (scheme.bodyPointer === undefined) return 'missing_header'
  const token = webhookFields(headers, body).atPointer(scheme.bodyPointer)
  return token === undefined ? 'missing_token' : { bytes: utf8ByteString(token) }
}

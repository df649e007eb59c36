import type { MessagePart, SignedMessage, VerificationScheme } from '@holdfast/core'
import { compileBodyHash } from './body-hash.ts'
import { coverageOf } from './bound-parts.ts'
import { chain, type MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'
import { compileMessage } from './message-template.ts'
import type { RequestReader } from './request-reader.ts'
import type { CompiledScheme, SchemeSetup } from './scheme.ts'
import { decoders, decodeSignatures } from './signature-encoding.ts'
import { compileSignatureSource } from './signature-source.ts'
import { compileTimestamp, judgeTimestamp, type SignedTime } from './signature-timestamp.ts'
import { spellUrl } from './url-variants.ts'
import { type NotVerified, notVerified, type VerifyFailureReason, type VerifyResult } from './verify-result.ts'

/** What `match` of a scheme looks at. */
export interface MessageToMatch {
  readonly reader: RequestReader
  /** The message; holds `secretPlace` where the scheme has a part `secret`. */
  readonly pieces: readonly MessagePiece[]
  /** Decoded signatures, any of which may fit; at least one. */
  readonly signatures: readonly Uint8Array[]
}

/** The key that made one of the signatures. */
export interface MatchedKey {
  readonly keyIndex: number
  readonly id: string | undefined
}

/** The key that made one of the signatures, or why there is none; `mismatch` where no key fits. */
export type KeyMatch = MatchedKey | VerifyFailureReason | NotVerified

/** Finds the key that made one of the signatures. */
export type MatchKey = (message: MessageToMatch) => MaybePromise<KeyMatch>

/** What a scheme adds to the description of its message. */
export interface SignedMessageSetup extends SchemeSetup {
  readonly kind: VerificationScheme['scheme']
  /** Length of a signature in bytes, where all have one. */
  readonly signatureBytes?: number
  readonly match: MatchKey
}

/**
 * What all schemes with a signature over a message share: find the signatures, read the time, put the message together, find
 * the key, judge the time.
 */
export function compileSignedMessage(scheme: SignedMessage, setup: SignedMessageSetup): CompiledScheme {
  const { kind, signatureBytes, match, eventId, hashes } = setup
  const findSignatures = compileSignatureSource(scheme.signature)
  const readTime = scheme.timestamp && compileTimestamp(scheme.timestamp, scheme.signature)
  const toleranceMs = setup.toleranceMs ?? scheme.timestamp?.toleranceMs
  const template = compileMessage(scheme.message, eventId, hashes)
  const respelled = scheme.message.some(isRespellable)
    ? compileMessage(
        scheme.message.filter(({ part }) => part !== 'timestamp'),
        eventId,
        hashes,
      )
    : undefined
  const checkBodyHash = scheme.bodyHash && compileBodyHash(scheme.bodyHash, hashes)
  const { bound, strength } = coverageOf(scheme, eventId)
  const decode = decoders[scheme.encoding]

  const verify = (reader: RequestReader): MaybePromise<VerifyResult> => {
    const found = findSignatures(reader)
    if (typeof found === 'string') return notVerified(found)
    const signatures = decodeSignatures(found, decode, signatureBytes)
    if (signatures.length === 0) return notVerified('malformed_signature')
    const time = readTime === undefined ? untimed : readTime(reader)
    if (typeof time === 'string') return notVerified(time)
    if (template.bodyDigests === undefined) return matchAsCame({ reader, signatures, time, bodyHashes: [] })
    return chain(template.bodyDigests(reader.request.body), (bodyHashes) =>
      matchAsCame({ reader, signatures, time, bodyHashes }),
    )
  }

  const matchAsCame = (request: SignedRequest): MaybePromise<VerifyResult> => {
    const { url } = request.reader.request
    return chain(matchUrl(request, url), (matched) => {
      if (matched !== 'mismatch' || url === undefined || template.urlVariants.length === 0)
        return judge(request, matched, url)
      return matchOthers(request, spellUrl(url, template.urlVariants).slice(1))
    })
  }

  const matchOthers = (request: SignedRequest, [url, ...others]: readonly string[]): MaybePromise<VerifyResult> => {
    if (url === undefined) return notVerified('mismatch')
    return chain(matchUrl(request, url), (matched) =>
      matched === 'mismatch' ? matchOthers(request, others) : judge(request, matched, url),
    )
  }

  const matchUrl = (
    { reader, signatures, time, bodyHashes }: SignedRequest,
    url: string | undefined,
  ): MaybePromise<KeyMatch> => {
    const pieces = template.build({ reader, timestamp: time.text, url, bodyHashes })
    return typeof pieces === 'string' ? pieces : match({ reader, pieces, signatures })
  }

  const judge = (request: SignedRequest, matched: KeyMatch, url: string | undefined): MaybePromise<VerifyResult> => {
    if (typeof matched === 'string') return notVerified(matched)
    if ('ok' in matched) return matched
    if (checkBodyHash === undefined) return accept(request, matched, url)
    return chain(checkBodyHash(request.reader), (wrong) =>
      wrong === undefined ? accept(request, matched, url) : notVerified(wrong),
    )
  }

  const accept = (
    { reader, time, bodyHashes }: SignedRequest,
    { keyIndex, id }: MatchedKey,
    url: string | undefined,
  ): VerifyResult => {
    // Judged last: `timestamp_stale` is only said of an authentic request.
    if (readTime !== undefined && toleranceMs !== undefined) {
      const stale = judgeTimestamp(time.ms, reader.request.receivedAt, toleranceMs)
      if (stale !== undefined) return notVerified(stale)
    }
    if (respelled !== undefined) reader.setSigned(() => respelled.build({ reader, timestamp: '', url, bodyHashes }))
    return {
      ok: true,
      scheme: kind,
      bound,
      strength,
      keyIndex,
      ...(id === undefined ? undefined : { keyId: id }),
      ...(eventId === undefined ? undefined : { eventId }),
    }
  }

  return { verify }
}

interface SignedRequest {
  readonly reader: RequestReader
  readonly signatures: readonly Uint8Array[]
  readonly time: SignedTime
  readonly bodyHashes: readonly string[]
}

/** Whether a request can be written in other ways under the same signature. */
function isRespellable(part: MessagePart): boolean {
  return part.part === 'sortedForm' || (part.part === 'url' && (part.variants !== undefined || part.sortQuery === true))
}

const untimed: SignedTime = { text: '', ms: 0 }

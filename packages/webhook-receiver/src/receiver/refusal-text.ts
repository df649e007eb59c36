import type { VerificationScheme, WebhookDescription } from '@holdfast/core'
import type { RequestReader } from '../verify/request-reader.ts'
import { compileTimestamp } from '../verify/signature-timestamp.ts'
import type { VerificationHint } from '../verify/verification-hint.ts'
import type { NotVerified, VerifyFailureReason } from '../verify/verify-result.ts'

/** What a refused request is judged by. */
export interface RefusedRequest {
  readonly webhook: WebhookDescription
  readonly reader: RequestReader
  /** Of the source, in the place of the connector's. */
  readonly toleranceMs: number | undefined
}

/** What is wrong with a request, for the application's logs. It names headers and times, and no value of anything. */
export function refusalText({ reason, hint }: NotVerified, request: RefusedRequest): string {
  const probably = hint === undefined ? '' : ` Probably ${hints[hint]} (${hint}).`
  return `The webhook failed verification: ${reasons[reason]}${facts(reason, request)}.${probably}`
}

const reasons: Readonly<Record<VerifyFailureReason, string>> = {
  missing_header: 'a header that the signature needs is absent',
  missing_field: 'a field of the body, or a parameter of the URL, that the signature needs is absent',
  missing_token: 'the token is in none of the places where it may be',
  missing_url: 'the signature covers the URL, and the request came without a whole one',
  malformed_signature: 'the value of the signature has not the form of one',
  mismatch: 'no signature fits any secret: the secret is another one, or the bytes were changed',
  unsigned_body: 'the signature covers form fields, and the body is no form',
  body_mismatch: 'the signature fits, and the hash of the body that it covers does not',
  could_be_challenge: "what is signed could be a challenge of the provider's handshake",
  url_mismatch: 'the signature fits, and is for another URL than `publicUrl` says',
  wrong_recipient: 'the signature fits, and is for somebody else',
  wrong_claim: 'a claim of the token does not say what it must',
  missing_claim: 'a claim that the token must have is absent',
  insufficient_coverage: 'the signature covers less than it must',
  unexpected_algorithm: 'the signature names an algorithm that the connector does not allow',
  malformed_timestamp: 'the time of signing has not the form that it should have, or is there more than once',
  stale_timestamp: 'it is authentic, and was signed too long ago',
  future_timestamp: 'it is authentic, and was signed in the future',
  duplicate_header: 'a header that must be there once came more than once',
  duplicate_field: 'a field that must be there once came more than once',
  unknown_key: 'there is no key for this sender',
  key_unavailable: 'the key cannot be had now',
}

const hints: Readonly<Record<VerificationHint, string>> = {
  body_empty: 'something has read the body before',
  body_reencoded: 'the body was parsed as JSON and written again on its way here',
  body_trimmed: 'white space at the end of the body, or a byte order mark at its start, was lost on its way here',
  body_padded: 'white space at the end of the body, or a byte order mark at its start, was added on its way here',
  body_line_ends: 'the line ends of the body were changed on its way here',
  body_charset: 'the body was taken for Latin-1 and written as UTF-8',
  url_scheme: '`publicUrl` has http for https, or the reverse',
  url_trailing_slash: 'the path of the URL has a slash too many at its end, or one too few',
  secret_whitespace: 'a secret has white space around it',
  secret_quotes: 'a secret has quotes around it',
  secret_encoding: "a secret is written in another encoding than the provider's",
  secret_not_valid_now: 'a secret fits that is not accepted any more, or not yet',
  timestamp_unit: 'the time of signing is in seconds in the place of milliseconds, or the reverse',
}

function facts(reason: VerifyFailureReason, request: RefusedRequest): string {
  if (reason === 'missing_header' || reason === 'duplicate_header' || reason === 'malformed_signature') {
    return headersThatCame(request)
  }
  return reason === 'stale_timestamp' || reason === 'future_timestamp' ? distance(request) : ''
}

function headersThatCame({ webhook, reader }: RefusedRequest): string {
  const names = [...new Set(webhook.verify.flatMap((scheme) => headersOf(scheme, webhook)))]
  if (names.length === 0) return ''
  const counts = names.map((name) => {
    const { length } = reader.values({ from: 'header', name })
    return `\`${name}\` ${length === 0 ? 'did not come' : length === 1 ? 'came' : `came ${length} times`}`
  })
  return ` (${counts.join(', ')})`
}

function headersOf(scheme: VerificationScheme, { eventId }: WebhookDescription): readonly string[] {
  switch (scheme.scheme) {
    case 'none':
      return []
    case 'basic':
      return ['authorization']
    case 'token':
      return scheme.header === undefined ? [] : [scheme.header]
    case 'http-signature':
      return ['signature-input', 'signature']
    case 'jwt':
      return headerNames([scheme.token])
    case 'hmac':
    case 'digest':
    case 'signature': {
      const parts = scheme.message.map((part) => {
        if (part.part === 'header') return { from: 'header', name: part.name }
        return part.part === 'id' ? (scheme.eventId ?? eventId) : undefined
      })
      return headerNames([scheme.signature, scheme.timestamp, ...parts])
    }
  }
}

type Place = { readonly from: string; readonly name?: string } | undefined

function headerNames(places: readonly Place[]): readonly string[] {
  return places.flatMap((place) =>
    // A name with `{n}` stands for several.
    place?.from === 'header' && place.name !== undefined && !place.name.includes('{') ? [place.name] : [],
  )
}

/** How far the time of signing is from the arrival, where a signature over a message has one. */
function distance({ webhook, reader, toleranceMs }: RefusedRequest): string {
  for (const scheme of webhook.verify) {
    if (!('timestamp' in scheme) || scheme.timestamp === undefined) continue
    const time = compileTimestamp(scheme.timestamp, scheme.signature)(reader)
    if (typeof time === 'string') continue
    const ageMs = reader.request.receivedAt - time.ms
    const accepted = toleranceMs ?? scheme.timestamp.toleranceMs
    const limit = accepted === undefined ? '' : `, and ${accepted} ms are accepted`
    return ` (${Math.abs(ageMs)} ms ${ageMs < 0 ? 'after' : 'before'} it came by the clock of this machine${limit})`
  }
  return ''
}

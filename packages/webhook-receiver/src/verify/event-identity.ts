import type { WebhookDescription } from '@holdfast/core'
import { byteString, encodeHex } from './encoding.ts'
import type { HashProvider } from './hash-provider.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'

import { headerValues } from './request-headers.ts'
import type { Verified } from './verify-result.ts'
import { RequestReader } from './request-reader.ts'
import type { VerifiableRequest } from './verifiable-request.ts'

/** Who an event is: what dedupe compares, and what the provider calls it. */
export interface EventIdentity {
  /** Dedupe id; see `eventIdentity`. */
  readonly id: string
  /** The provider's own id, as sent. */
  readonly eventId?: string
  readonly type?: string
  readonly tenant?: string
}

/**
 * Makes the dedupe id of a verified request:
 *
 * - the provider's id alone, when the signature covers it;
 * - the provider's id and the SHA-256 of the body, when it does not: whoever can choose an id can then not choose one that
 *   suppresses somebody else's event;
 * - the SHA-256 of the signed content without timestamp and signature, when the provider sends no id: a repeat that was
 *   signed anew is still the same event.
 *
 * Whether an id is covered follows from what verification bound, not only from what the connector says.
 */
export function eventIdentity(
  webhook: WebhookDescription,
  verified: Verified,
  request: VerifiableRequest,
  hashes: HashProvider,
): MaybePromise<EventIdentity> {
  const reader = new RequestReader(request)
  const eventId = reader.text(verified.eventId)
  const type = reader.text(webhook.eventType)
  const tenant = reader.text(webhook.tenant)
  const identity = (id: string): EventIdentity => ({
    id,
    ...(eventId === undefined ? {} : { eventId }),
    ...(type === undefined ? {} : { type }),
    ...(tenant === undefined ? {} : { tenant }),
  })
  if (eventId !== undefined && isCovered(verified)) return identity(eventId)

  const content = eventId === undefined ? signedContent(verified, request) : [request.body]
  const prefix = eventId === undefined ? '' : `${eventId}:`
  const digest = hashes.digest('sha256', content)
  return digest instanceof Promise
    ? digest.then((bytes) => identity(`${prefix}${encodeHex(bytes)}`))
    : identity(`${prefix}${encodeHex(digest)}`)
}

function isCovered({ eventId, bound }: Verified): boolean {
  return eventId?.signed === true && bound.includes('id')
}

/** The covered headers, each as a line that no value can imitate, and the body. */
function signedContent({ bound }: Verified, { headers, body }: VerifiableRequest): MessagePiece[] {
  const pieces: MessagePiece[] = []
  for (const part of bound) {
    if (!part.startsWith('header:')) continue
    const name = part.slice('header:'.length)
    pieces.push(`${name}:${byteString(headerValues(headers, name)[0] ?? '')}\n`)
  }
  pieces.push(body)
  return pieces
}

import type { MessagePart, UrlVariant, WebhookField } from '@holdfast/core'
import { type BodyDigest, type BodyDigests, compileBodyDigests } from './body-digests.ts'
import type { HashProvider } from './hash-provider.ts'
import type { MessageContext } from './message-context.ts'
import { compilePart } from './message-part.ts'
import type { MessagePiece } from './message-piece.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** How a message is put together, prepared. */
export interface MessageTemplate {
  /** Other spellings of the URL that may have been signed. */
  readonly urlVariants: readonly UrlVariant[]
  /** Hashes of the body that stand in the message; absent where there are none. */
  readonly bodyDigests: BodyDigests | undefined
  build(context: MessageContext): MessagePiece[] | VerifyFailureReason
}

/** Prepares the pieces of a signed message. */
export function compileMessage(
  message: readonly MessagePart[],
  eventId: WebhookField | undefined,
  hashes: HashProvider,
): MessageTemplate {
  const digests: BodyDigest[] = []
  const parts = message.map((part) => {
    if (part.part === 'bodyHash') digests.push(part)
    return compilePart(part, { eventId, bodyHash: digests.length - 1 })
  })
  return {
    urlVariants: message.flatMap((part) => (part.part === 'url' ? (part.variants ?? []) : [])),
    bodyDigests: digests.length === 0 ? undefined : compileBodyDigests(digests, hashes),
    build(context) {
      const pieces: MessagePiece[] = []
      for (const add of parts) {
        const failure = add(context, pieces)
        if (failure !== undefined) return failure
      }
      return pieces
    },
  }
}

import { type ChecksOf, checkedElsewhere, jsonPointer, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { checkMessage } from './check-message.ts'
import { checkBodyHash, checkSignatureSource, checkTimestamp, signatureEncoding } from './check-signature-source.ts'
import type { SchemeBase, SignedMessage } from './scheme-base.ts'

/** The members that every scheme may have. */
export const schemeBaseChecks: ChecksOf<SchemeBase> = {
  select: checkedElsewhere,
  each: jsonPointer,
  eventId: checkedElsewhere,
  vectors: checkedElsewhere,
}

/** The members of every scheme with a signature over a message. */
export const signedMessageChecks: ChecksOf<SignedMessage> = {
  ...schemeBaseChecks,
  signature: checkedElsewhere,
  encoding: signatureEncoding,
  message: checkedElsewhere,
  timestamp: checkedElsewhere,
  bodyHash: checkedElsewhere,
}

/**
 * Checks signature, message, time and body hash of a scheme whose members are known by now.
 *
 * @returns the kinds of the message's pieces.
 */
export function checkSignedMessage(path: string, scheme: Shape): readonly unknown[] {
  checkSignatureSource(`${path}.signature`, scheme.signature)
  const parts = checkMessage(`${path}.message`, scheme.message).map(({ part }) => part)
  if (scheme.timestamp !== undefined) checkTimestamp(`${path}.timestamp`, scheme.timestamp)
  else if (parts.includes('timestamp'))
    throw refusal(`${path}.timestamp`, 'present, because `message` has a part `timestamp`', '`undefined`')
  if (scheme.bodyHash !== undefined) checkBodyHash(`${path}.bodyHash`, scheme.bodyHash)
  return parts
}

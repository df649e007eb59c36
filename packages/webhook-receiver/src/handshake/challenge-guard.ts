import { challengePattern, type MessagePart, type WebhookDescription } from '@holdfast/core'
import { latin1String } from '../verify/encoding.ts'
import type { RequestPredicate } from '../verify/request-condition.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import { answerValues } from './answer-values.ts'

/**
 * Says of requests whether what is signed of them could be a challenge, which anybody can have hashed with the same key: its
 * signature proves nothing. Only schemes whose message is the body or one field of it need this; `checkConnector` makes sure
 * that all other messages have something that no challenge has. `undefined`: the connector has no such scheme.
 */
export function challengeGuard({ handshakes = [], verify }: WebhookDescription): RequestPredicate | undefined {
  const guards = handshakes.flatMap(({ challenge, respond }) => {
    if (challenge === undefined) return []
    const pattern = challengePattern(challenge)
    const hashes: readonly string[] = answerValues(respond).flatMap((value) =>
      'hmac' in value ? [value.hmac.hash] : [],
    )
    return verify.flatMap((scheme) => {
      if (scheme.scheme !== 'hmac' || !hashes.includes(scheme.hash)) return []
      const [part, ...more] = scheme.message
      return part === undefined || more.length > 0 ? [] : guardOf(part, pattern, challenge.maxLength)
    })
  })
  return guards.length === 0 ? undefined : (reader) => guards.some((couldBeChallenge) => couldBeChallenge(reader))
}

function guardOf(part: MessagePart, pattern: RegExp, maxLength: number): RequestPredicate[] {
  if (part.part === 'body')
    return [({ request: { body } }) => body.length <= maxLength && pattern.test(latin1String(body))]
  if (part.part === 'field')
    return [
      (reader: RequestReader) =>
        reader.values({ from: 'body', pointer: part.pointer }).some((text) => pattern.test(text)),
    ]
  return []
}

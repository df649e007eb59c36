import type { SignatureAlgorithm, SignatureScheme, ValueSource } from '@holdfast/core'
import { utf8ByteString, utf8Bytes } from './encoding.ts'
import type { KeyFinder } from './keys/find-keys.ts'
import type { DocumentKey } from './keys/document-key.ts'
import { chain } from './maybe-promise.ts'
import { withSecret } from './message-part.ts'
import type { MessagePiece } from './message-piece.ts'
import type { RequestReader } from './request-reader.ts'
import { firstFitting, type SignatureAttempt } from './signature-attempts.ts'
import { type SignatureProvider, signatureAlgorithms, type VerifySignature } from './signature-provider.ts'
import type { MatchedKey, MatchKey } from './signed-message.ts'
import { type CheckedSecret, isValidAt } from './webhook-secret.ts'

/** Matches signatures with keys that the provider publishes; secrets stand in the message, or say whom it must be meant for. */
export function matchFetchedKeys(
  { algorithm, message, recipient }: SignatureScheme,
  findKeys: KeyFinder,
  secrets: readonly CheckedSecret[],
  provider: SignatureProvider,
): MatchKey {
  const { kind } = signatureAlgorithms[algorithm]
  const importKey = keyImporter(algorithm, provider)
  const holdsSecret = message.some(({ part }) => part === 'secret')

  return ({ reader, pieces, signatures }) =>
    chain(findKeys(reader), (found) => {
      if ('ok' in found) return found
      const valid = secrets.filter((secret) => isValidAt(secret, reader.request.receivedAt))
      const messages = holdsSecret ? valid.map((secret) => messageWith(secret, pieces)) : [{ pieces, keyIndex: -1 }]
      const attempts = found.keys.flatMap((key): readonly SignatureAttempt<MatchedKey>[] =>
        key.kind === kind
          ? messages.map((own) => ({ ...own, verify: importKey(key), match: { keyIndex: own.keyIndex, id: found.id } }))
          : [],
      )
      return chain(firstFitting(attempts, signatures), (match) => {
        if (match === undefined) return 'mismatch'
        if (recipient === undefined) return match
        const meant = recipientOf(reader, recipient, valid)
        return meant === undefined ? 'wrong_recipient' : { ...match, keyIndex: meant.keyIndex }
      })
    })
}

/** Imports each key once, for as long as its document is kept. */
function keyImporter(
  algorithm: SignatureAlgorithm,
  provider: SignatureProvider,
): (key: DocumentKey) => VerifySignature {
  const imported = new WeakMap<DocumentKey, VerifySignature>()
  return (key) => {
    const verify = imported.get(key) ?? provider.importKey(algorithm, key)
    imported.set(key, verify)
    return verify
  }
}

function messageWith(
  { keyIndex, value }: CheckedSecret,
  pieces: readonly MessagePiece[],
): { readonly pieces: readonly MessagePiece[]; readonly keyIndex: number } {
  return { keyIndex, pieces: withSecret(pieces, utf8Bytes(value)) }
}

/** The secret that names whom the request is meant for. It is no secret to anybody: how long the comparison takes is no matter. */
function recipientOf(
  reader: RequestReader,
  source: ValueSource,
  secrets: readonly CheckedSecret[],
): CheckedSecret | undefined {
  const values = reader.values(source)
  return values.length === 1 ? secrets.find(({ value }) => utf8ByteString(value) === values[0]) : undefined
}

import type { HmacScheme } from '@holdfast/core'
import { digestBytes, type HashProvider, type HmacKey } from './hash-provider.ts'
import { type DigestKey, matchKeys } from './match-keys.ts'
import { chain } from './maybe-promise.ts'
import type { SchemeKind } from './scheme.ts'
import { decodeKey, keyForm } from './secret-form.ts'
import { compileSignedMessage } from './signed-message.ts'

/** Keyed hashes over a message. */
export const hmacScheme: SchemeKind<HmacScheme> = {
  secretForm: (scheme) => keyForm(scheme.secret),
  compile(scheme, secrets, setup) {
    const { hashes } = setup
    const keys = secrets.flatMap((secret): DigestKey[] => {
      const digest = eventKey(scheme, secret.value, hashes)
      return digest === undefined ? [] : [{ secret, digest }]
    })
    const signatureBytes = digestBytes[scheme.hash]
    return compileSignedMessage(scheme, { ...setup, kind: 'hmac', signatureBytes, match: matchKeys(keys, hashes) })
  },
}

/** The key that a secret is under a scheme; `undefined` where it is not written as one. */
export function eventKey(scheme: HmacScheme, secret: string, hashes: HashProvider): HmacKey | undefined {
  const bytes = decodeKey(secret, scheme.secret)
  return bytes === undefined ? undefined : hmacKey(scheme, bytes, hashes)
}

function hmacKey({ hash, secret: { derive } }: HmacScheme, bytes: Uint8Array, hashes: HashProvider): HmacKey {
  if (derive === undefined) return hashes.importKey(hash, bytes)
  let key: HmacKey | undefined
  return (pieces) =>
    key === undefined
      ? chain(hashes.digest(derive, [bytes]), (derived) => {
          key = hashes.importKey(hash, derived)
          return key(pieces)
        })
      : key(pieces)
}

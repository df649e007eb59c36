import type { DigestScheme } from '@holdfast/core'
import { digestBytes } from './hash-provider.ts'
import { type DigestKey, matchKeys } from './match-keys.ts'
import { withSecret } from './message-part.ts'
import type { SchemeKind } from './scheme.ts'
import { decodeKey, keyForm } from './secret-form.ts'
import { compileSignedMessage } from './signed-message.ts'

/** Plain hashes over a message that holds the secret. */
export const digestScheme: SchemeKind<DigestScheme> = {
  secretForm: (scheme) => keyForm(scheme.secret),
  compile(scheme, secrets, setup) {
    const { hashes } = setup
    const keys = secrets.flatMap((secret): DigestKey[] => {
      const bytes = decodeKey(secret.value, scheme.secret)
      if (bytes === undefined) return []
      return [{ secret, digest: (pieces) => hashes.digest(scheme.hash, withSecret(pieces, bytes)) }]
    })
    const signatureBytes = digestBytes[scheme.hash]
    return compileSignedMessage(scheme, { ...setup, kind: 'digest', signatureBytes, match: matchKeys(keys, hashes) })
  },
}

import type { HttpSignatureScheme } from '@holdfast/core'
import { keyFinderOf, mixedForm, mixedKeys } from '../keys/mixed-keys.ts'
import { headerValues } from '../request-headers.ts'
import type { SchemeKind } from '../scheme.ts'
import { notVerified } from '../verify-result.ts'
import { httpSignatureKeySource } from './http-signature-keys.ts'
import { keyMatcher } from './match-http-key.ts'

/** HTTP Message Signatures. What reads structured fields is loaded when the first one comes. */
export const httpSignatureScheme: SchemeKind<HttpSignatureScheme> = {
  secretForm: (scheme) => mixedForm(httpSignatureKeySource(scheme)),
  compile(scheme, secrets, setup) {
    const keys = mixedKeys(httpSignatureKeySource(scheme), secrets)
    const findKeys = keyFinderOf(scheme.key, keys, setup.keys)
    const match = keyMatcher(keys, findKeys, setup)
    return {
      verify(reader) {
        const present = ['signature-input', 'signature'].every((name) => headerValues(reader.headers, name).length > 0)
        if (!present) return notVerified('missing_header')
        return import('./verify-http-signature.ts').then(({ verifyHttpSignature }) =>
          verifyHttpSignature(reader, scheme, match, setup),
        )
      },
    }
  },
}

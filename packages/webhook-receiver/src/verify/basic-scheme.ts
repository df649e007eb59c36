import type { BasicScheme } from '@holdfast/core'
import { decodeBase64, latin1String } from './encoding.ts'
import { headerValues } from './request-headers.ts'
import type { SchemeKind } from './scheme.ts'
import { compileShownSecret, type ShownSecretReader } from './shown-secret.ts'

/** HTTP basic authentication (RFC 7617). */
export const basicScheme: SchemeKind<BasicScheme> = {
  secretForm: () => ({
    description: '`user:password`',
    isToken: true,
    reads: (secret) => secret.includes(':'),
  }),
  compile: (_scheme, secrets, setup) => compileShownSecret('basic', readCredentials, secrets, setup),
}

const readCredentials: ShownSecretReader = ({ headers }) => {
  const values = headerValues(headers, 'authorization')
  if (values.length !== 1) return values.length === 0 ? 'missing_header' : 'duplicate_header'
  // The name of the authentication scheme has no case (RFC 9110 section 11.1).
  const encoded = /^basic +(\S+)$/i.exec(values[0] as string)?.[1]
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded)
  return bytes === undefined ? 'malformed_signature' : { bytes: latin1String(bytes) }
}

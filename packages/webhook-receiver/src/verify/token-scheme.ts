import type { TokenScheme } from '@holdfast/core'
import { byteString, utf8ByteString } from './encoding.ts'
import { headerValues } from './request-headers.ts'
import type { SchemeKind } from './scheme.ts'
import { compileShownSecret, type ShownSecretReader } from './shown-secret.ts'

/** Shared secrets in a header, the body or the query. */
export const tokenScheme: SchemeKind<TokenScheme> = {
  secretForm: () => ({ description: 'a non-empty string', isToken: true, reads: () => true }),
  compile: (scheme, secrets, setup) => compileShownSecret('token', tokenReader(scheme), secrets, setup),
}

function tokenReader({ header, prefix = '', bodyPointer, query }: TokenScheme): ShownSecretReader {
  const name = query === undefined ? undefined : utf8ByteString(query)
  return (reader) => {
    if (header !== undefined) {
      const values = headerValues(reader.headers, header)
      if (values.length > 1) return 'duplicate_header'
      const [value] = values
      if (value !== undefined) {
        return value.startsWith(prefix) ? { bytes: byteString(value.slice(prefix.length)) } : 'malformed_signature'
      }
    }
    for (const source of [
      bodyPointer === undefined ? undefined : { from: 'body' as const, pointer: bodyPointer },
      name === undefined ? undefined : { from: 'query' as const, name },
    ]) {
      if (source === undefined) continue
      const values = reader.values(source)
      if (values.length > 1) return 'duplicate_field'
      if (values[0] !== undefined) return { bytes: values[0] }
    }
    return bodyPointer === undefined && query === undefined ? 'missing_header' : 'missing_token'
  }
}

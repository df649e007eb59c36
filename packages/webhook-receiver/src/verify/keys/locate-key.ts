import type { FetchedKey } from '@holdfast/core'
import type { RequestReader } from '../request-reader.ts'
import { compileSignatureSource } from '../signature-source.ts'
import type { VerifyFailureReason } from '../verify-result.ts'
import { pinnedKeyUrl } from './pinned-key-url.ts'

/** Where the key of a request is. */
export interface KeyLocation {
  readonly url: string
  readonly keyId?: string
}

/** Finds where the key of a request is; `keyId` is the one that its signature names, where the scheme reads it itself. */
export type KeyLocator = (reader: RequestReader, keyId?: string) => KeyLocation | VerifyFailureReason

/** Prepares where keys are. `keyUrl`, which the application gave, goes before what the connector says. */
export function compileKeyLocator(source: FetchedKey, keyUrl: string | undefined): KeyLocator {
  const findKeyId = source.keyId && compileSignatureSource(source.keyId)
  const place = keyUrl ?? source.url

  return (reader, keyId) => {
    const found = findKeyId === undefined ? keyId : findKeyId(reader)
    if (typeof found === 'string' && findKeyId !== undefined) return found as VerifyFailureReason
    const id = typeof found === 'object' ? found[0] : found
    if (id !== undefined && !isKeyId(id)) return 'unknown_key'
    const url = typeof place === 'string' ? filled(place, id) : requestedUrl(source, reader)
    if (url === undefined) return 'unknown_key'
    return { url, ...(id !== undefined && { keyId: id }) }
  }
}

/** Nothing that could mean something in a URL or a log; dots alone would lead up a path. */
function isKeyId(text: string): boolean {
  return /^[\w.~+/=:-]{1,256}$/.test(text) && !/^\.+$/.test(text)
}

function filled(template: string, keyId: string | undefined): string | undefined {
  if (!template.includes('{keyId}')) return template
  return keyId === undefined ? undefined : template.replaceAll('{keyId}', () => encodeURIComponent(keyId))
}

function requestedUrl(source: FetchedKey, reader: RequestReader): string | undefined {
  const { url } = source
  if (typeof url !== 'object') return undefined
  const values = reader.values(url)
  // With two URLs nobody could say which key is meant.
  return values.length === 1 ? pinnedKeyUrl(values[0] ?? '', source) : undefined
}

import type { SignatureSource } from '@holdfast/core'
import type { RequestReader } from './request-reader.ts'
import { compileFormat } from './signature-format.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** Finds the signatures of a request, still encoded, at least one. */
export type SignatureFinder = (reader: RequestReader) => readonly string[] | VerifyFailureReason

/** Prepares where signatures are looked for. */
export function compileSignatureSource(source: SignatureSource): SignatureFinder {
  const parse = compileFormat(source.format)
  const places = signaturePlaces(source)
  const missing = missingReason(source.from)
  // A list may come in several header lines; a header that is one signature must be one.
  const single = source.format === undefined || source.format.kind === 'plain' || source.format.kind === 'base64Json'
  return (reader) => {
    const found: string[] = []
    let present = false
    for (const place of places) {
      const values = reader.values(place)
      if (values.length > 1 && single) return duplicateReason(source.from)
      for (const value of values) {
        present = true
        parse(value, found)
      }
    }
    if (found.length > 0) return found
    return present ? 'malformed_signature' : missing
  }
}

/** The reason for a value that is not there. */
export function missingReason(from: SignatureSource['from']): VerifyFailureReason {
  return from === 'header' ? 'missing_header' : 'missing_field'
}

/** The reason for a value that came several times. */
export function duplicateReason(from: SignatureSource['from']): VerifyFailureReason {
  return from === 'header' ? 'duplicate_header' : 'duplicate_field'
}

function signaturePlaces({ numbered, also = [], ...source }: SignatureSource): readonly SignatureSource[] {
  const { name = '' } = source
  const names =
    numbered === undefined
      ? [name, ...also]
      : [...Array.from({ length: numbered }, (_, index) => name.replace('{n}', String(index + 1))), ...also]
  return source.from === 'header' ? names.map((header) => ({ from: 'header', name: header })) : [source]
}

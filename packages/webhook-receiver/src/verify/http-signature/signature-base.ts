import type { RequestReader } from '../request-reader.ts'
import type { VerifyFailureReason } from '../verify-result.ts'
import { type Component, componentValue } from './component.ts'
import type { LabelledSignature } from './signature-input.ts'

/**
 * The signature base (RFC 9421 section 2.5) as a byte string, or why there is none: the request lacks a covered component, or a
 * value has a line break, which could pretend to be another component.
 */
export function signatureBase(
  { components, serialized }: Pick<LabelledSignature, 'components' | 'serialized'>,
  reader: RequestReader,
): string | { readonly missing: VerifyFailureReason } {
  let base = ''
  for (const component of components) {
    const value = componentValue(component, reader)
    if (value === undefined || /[\r\n]/.test(value)) return { missing: missingReason(component, reader) }
    base += `${component.identifier}: ${value}\n`
  }
  return `${base}"@signature-params": ${serialized}`
}

function missingReason({ name }: Component, { request }: RequestReader): VerifyFailureReason {
  const isOfUrl = name.startsWith('@') && name !== '@method'
  if (!isOfUrl) return 'missing_header'
  return request.url === undefined ? 'missing_url' : 'missing_field'
}

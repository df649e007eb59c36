import { readPointer } from '@holdfast/core'
import { valueSpan } from '../batch/json-spans.ts'
import { byteStringText, latin1String, utf8ByteString } from './encoding.ts'
import { type FormPair, parseForm } from './form-pairs.ts'

/** The fields of one body, which is parsed once, and only when a field is asked for. */
export interface BodyFields {
  /** Whether the body is an HTML form; else it is taken for JSON. */
  readonly isForm: boolean
  /** The JSON value at a pointer. */
  value(pointer: string): unknown
  /** The fields of a form, in order. */
  pairs(): readonly FormPair[]
  /**
   * The values at a pointer as byte strings, numbers digit by digit: of a form all those with the name, of JSON at most one.
   * What is no scalar has none.
   */
  values(pointer: string): readonly string[]
  /** The value at a pointer as text: of a form the last with the name. Cheaper than `values` where a number is a small integer. */
  text(pointer: string): string | undefined
}

/** Reads fields of a body by its media type. */
export function bodyFields(contentType: string | undefined, body: Uint8Array): BodyFields {
  const isForm = contentType?.trimStart().toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  return isForm ? formFields(body) : jsonFields(body)
}

function formFields(body: Uint8Array): BodyFields {
  let parsed: readonly FormPair[] | undefined
  const pairs = (): readonly FormPair[] => (parsed ??= parseForm(body))
  const values = (pointer: string): readonly string[] => {
    // RFC 6901 section 4: `~1` first, so that `~01` becomes `~1` and not `/`.
    const name = utf8ByteString(pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~'))
    return pairs().flatMap(([candidate, value]) => (candidate === name ? [value] : []))
  }
  const text = (pointer: string): string | undefined => {
    const last = values(pointer).at(-1)
    return last === undefined ? undefined : byteStringText(last)
  }
  return { isForm: true, pairs, value: text, values, text }
}

function jsonFields(body: Uint8Array): BodyFields {
  let parsed: { readonly value: unknown } | undefined
  const value = (pointer: string): unknown => readPointer((parsed ??= { value: parseJson(body) }).value, pointer)
  const exact = (pointer: string): string | undefined => {
    const found = value(pointer)
    if (typeof found === 'string') return found
    if (typeof found === 'boolean') return String(found)
    // As it is written: `JSON.parse` rounds what a double cannot hold, two 64-bit ids would become one, and one event a duplicate.
    const span = typeof found === 'number' ? valueSpan(body, pointer) : undefined
    return span && latin1String(body.subarray(span.start, span.end))
  }
  return {
    isForm: false,
    pairs: () => [],
    value,
    values(pointer) {
      const text = exact(pointer)
      return text === undefined ? [] : [utf8ByteString(text)]
    },
    text(pointer) {
      const found = value(pointer)
      return Number.isSafeInteger(found) ? String(found) : exact(pointer)
    },
  }
}

const decoder = new TextDecoder()

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body))
  } catch {
    return undefined
  }
}

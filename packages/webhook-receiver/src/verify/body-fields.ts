import { readPointer } from '@holdfast/core'
import { jsonStart, valueSpan } from '../batch/json-spans.ts'
import { byteStringText, latin1String, utf8ByteString } from './encoding.ts'
import { type FormPair, parseForm } from './form-pairs.ts'

/** The fields of one body, which is parsed once, and only when a field is asked for. */
export interface BodyFields {
  /** Whether the body is an HTML form of no more than 10,000 fields; else it is taken for JSON. */
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

// More than anybody sends. Each costs a hundred times its bytes, and all of them are read before anything is verified.
const MAX_FORM_FIELDS = 10_000

/**
 * Reads fields of a body by its media type. What begins as JSON does is read as JSON whatever the type says: no signature covers
 * the type, and whoever sends a body again must not choose whether its id is found.
 */
export function bodyFields(contentType: string | undefined, body: Uint8Array): BodyFields {
  const saysForm = contentType?.trimStart().toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  return saysForm && !beginsAsJson(body) && hasFewFields(body) ? formFields(body) : jsonFields(body)
}

function beginsAsJson(body: Uint8Array): boolean {
  const first = body[jsonStart(body)]
  return first === 0x7b || first === 0x5b
}

function hasFewFields(body: Uint8Array): boolean {
  let separators = 0
  for (let at = body.indexOf(AMPERSAND); at !== -1; at = body.indexOf(AMPERSAND, at + 1)) {
    if (++separators >= MAX_FORM_FIELDS) return false
  }
  return true
}

const AMPERSAND = 0x26

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
  let json: string | undefined
  let parsed: { readonly value: unknown } | undefined
  const value = (pointer: string): unknown => {
    if (parsed === undefined) {
      json ??= decoder.decode(body)
      if (lacksMember(json, pointer)) return undefined
      parsed = { value: parseJson(json) }
    }
    return readPointer(parsed.value, pointer)
  }
  const exact = (found: unknown, pointer: string): string | undefined => {
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
      const text = exact(value(pointer), pointer)
      return text === undefined ? [] : [utf8ByteString(text)]
    },
    text(pointer) {
      const found = value(pointer)
      return Number.isSafeInteger(found) ? String(found) : exact(found, pointer)
    },
  }
}

const decoder = new TextDecoder()

/**
 * Whether JSON surely has no member of the name that a pointer begins with. Many webhooks lack what their provider's others have, and finding
 * that out so takes a fraction of the time of parsing them.
 */
function lacksMember(json: string, pointer: string): boolean {
  const end = pointer.indexOf('/', 1)
  const name = pointer.slice(1, end === -1 ? pointer.length : end)
  // A name of letters stands as it is, or with characters written as `\u`.
  return LETTERS.test(name) && !hasString(json, name) && !json.includes(ESCAPE)
}

/** A search stops wherever the first character stands, and JSON is full of quotes: without the first one it takes a fifth of the time. */
function hasString(json: string, text: string): boolean {
  return json.includes(`${text}"`) && json.includes(`"${text}"`)
}

const LETTERS = /^[a-z_]+$/i
const ESCAPE = String.raw`\u`

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

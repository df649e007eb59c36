import { byteString } from '../encoding.ts'
import { headerValues } from '../request-headers.ts'
import type { RequestReader } from '../request-reader.ts'
import { splitUrl, type UrlPieces } from '../request-url.ts'
import {
  isInnerList,
  type Item,
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
  serializeList,
} from './structured-fields.ts'

/** A covered component (RFC 9421 section 2): its identifier as it stands in the signature base, name and parameters. */
export interface Component {
  readonly identifier: string
  readonly name: string
  readonly parameters: Item[1]
}

/** Reads a component's identifier. `undefined` when it is none that a request can have. */
export function componentOf(item: Item): Component | undefined {
  const [name, parameters] = item
  if (typeof name !== 'string' || name !== name.toLowerCase() || name === '@signature-params') return undefined
  return { identifier: serializeItem(item), name, parameters }
}

/**
 * The value of a component as a byte string. `undefined` when the request does not have it, or when its identifier asks for
 * something that a request has not: another request (`req`), trailers (`tr`), or a parameter that RFC 9421 does not know.
 */
export function componentValue({ name, parameters }: Component, request: RequestReader): string | undefined {
  return name.startsWith('@') ? derivedValue(name, parameters, request) : fieldValue(name, parameters, request)
}

function derivedValue(name: string, parameters: Item[1], request: RequestReader): string | undefined {
  const { method = 'POST', url } = request.request
  if (name === '@query-param')
    return parameters.size === 1 ? queryParameter(parameters.get('name'), request) : undefined
  if (parameters.size > 0) return undefined
  if (name === '@method') return byteString(method)
  const pieces = url === undefined ? undefined : splitUrl(url)
  return pieces && partOfUrl(name, pieces)
}

function partOfUrl(name: string, { scheme, host, port, path, query }: UrlPieces): string | undefined {
  const absolute = scheme !== '' && host !== ''
  // RFC 9110 section 4.2.3: an empty path is `/`.
  const target = path === '' ? '/' : path
  const authority = byteString(host.toLowerCase() + (port === defaultPorts[scheme.toLowerCase()] ? '' : port))
  switch (name) {
    case '@target-uri':
      return absolute ? byteString(scheme.toLowerCase() + authority + target + query) : undefined
    case '@authority':
      return absolute ? authority : undefined
    case '@scheme':
      return absolute ? scheme.slice(0, -'://'.length).toLowerCase() : undefined
    case '@request-target':
      return byteString(target + query)
    case '@path':
      return byteString(target)
    case '@query':
      // Section 2.2.7: the question mark is there even where the query is not.
      return query === '' ? '?' : byteString(query)
    default:
      return undefined
  }
}

const defaultPorts: Readonly<Record<string, string>> = Object.freeze({ 'https://': ':443', 'http://': ':80' })

/**
 * Section 2.2.8: decoded as a form and encoded again, so that every spelling gives the same text. A name that comes twice
 * must not be covered, for nobody could say which of the two was meant.
 */
function queryParameter(name: unknown, request: RequestReader): string | undefined {
  const values = request.query().flatMap(([candidate, value]) => (encodeFormText(candidate) === name ? [value] : []))
  return values.length === 1 ? encodeFormText(values[0] ?? '') : undefined
}

/** Percent-encodes a byte string as the URL standard writes forms, with a blank as `%20`. */
function encodeFormText(bytes: string): string {
  return bytes.replaceAll(
    /[^A-Za-z0-9*._-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function fieldValue(name: string, parameters: Item[1], request: RequestReader): string | undefined {
  const values = headerValues(request.headers, name).map((value) => trimField(byteString(value)))
  if (values.length === 0) return undefined
  for (const [parameter, value] of parameters) {
    const known = parameter === 'key' ? typeof value === 'string' : value === true && /^(?:sf|bs)$/.test(parameter)
    if (!known) return undefined
  }
  const key = parameters.get('key')
  if (parameters.has('bs')) {
    // Section 2.1.3: a field is written as bytes or read as a structure, not both.
    return parameters.size === 1
      ? values.map((value) => serializeItem([bytesOf(value), new Map()])).join(', ')
      : undefined
  }
  const joined = values.join(', ')
  if (typeof key === 'string') return dictionaryMember(joined, key)
  return parameters.has('sf') ? structuredField(joined) : joined
}

/** Takes off the blanks around a value, as RFC 9110 section 5.5 defines them. A regular expression would take quadratic time. */
function trimField(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09
}

function bytesOf(value: string): ArrayBuffer {
  return Uint8Array.from(value, (character) => character.charCodeAt(0)).buffer
}

/** Section 2.1.2: the member of a dictionary, in its one strict form. */
function dictionaryMember(field: string, key: string): string | undefined {
  const member = parsed(() => parseDictionary(field))?.get(key)
  if (member === undefined) return undefined
  return isInnerList(member) ? serializeInnerList(member) : serializeItem(member)
}

/**
 * Section 2.1.1: the field in its one strict form. Which kind of structure it is, nobody says; a field that can be read in
 * several ways is written in the same way by all of them, but for parameters of dictionary members.
 */
function structuredField(field: string): string | undefined {
  return (
    parsed(() => serializeDictionary(parseDictionary(field))) ??
    parsed(() => serializeList(parseList(field))) ??
    parsed(() => serializeItem(parseItem(field)))
  )
}

function parsed<Value>(parse: () => Value): Value | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

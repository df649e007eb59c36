import type { ValueSource } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { type BodyFields, bodyFields } from './body-fields.ts'
import { byteString, byteStringText, utf8ByteString } from './encoding.ts'
import { type FormPair, parseForm } from './form-pairs.ts'
import { headerValues, joinedHeader } from './request-headers.ts'
import { queryOf } from './request-url.ts'
import type { VerifiableRequest } from './verifiable-request.ts'

/** Claims of a token that was verified. */
type Claims = Readonly<Record<string, unknown>>

/**
 * Reads the values of one request, each part of which is parsed once and only when it is asked for. An item of the body's array
 * has a reader of its own, whose pointers begin at the item.
 */
export class RequestReader {
  readonly request: VerifiableRequest
  readonly #root: RequestReader
  readonly #base: string
  #fields: BodyFields | undefined
  #query: readonly FormPair[] | undefined
  #claims: Claims = {}

  constructor(request: VerifiableRequest, parent?: RequestReader, base = '') {
    this.request = request
    this.#root = parent ?? this
    this.#base = base
  }

  get headers(): HeaderPairs {
    return this.request.headers
  }

  get fields(): BodyFields {
    const root = this.#root
    root.#fields ??= bodyFields(headerValues(this.headers, 'content-type')[0], this.request.body)
    return root.#fields
  }

  /** The JSON value at a pointer. */
  value(pointer: string): unknown {
    return this.fields.value(this.#base + pointer)
  }

  /** The parameters of the URL's query, in order. */
  query(): readonly FormPair[] {
    const root = this.#root
    root.#query ??= parseForm(byteString(queryOf(this.request.url ?? '')))
    return root.#query
  }

  /** Every value that a source names, as byte strings: none where it is absent, several where it came several times. */
  values({ from, name = '', pointer = '' }: ValueSource): readonly string[] {
    switch (from) {
      case 'header':
        return headerValues(this.headers, name)
      case 'body':
        return this.fields.values(this.#base + pointer)
      case 'query':
        return this.query().flatMap(([candidate, value]) => (candidate === name ? [value] : []))
      case 'claim': {
        const claims = this.#root.#claims
        const claim = Object.hasOwn(claims, name) ? claims[name] : undefined
        return typeof claim === 'string' || Number.isSafeInteger(claim) ? [utf8ByteString(String(claim))] : []
      }
    }
  }

  /** The value of a source as text for people and programs; `undefined` where it is absent or empty. */
  text(source: ValueSource | undefined): string | undefined {
    if (source === undefined) return undefined
    if (source.from === 'header') return joinedHeader(this.headers, source.name ?? '') || undefined
    if (source.from === 'body') return this.fields.text(this.#base + (source.pointer ?? '')) || undefined
    return byteStringText(this.values(source).at(-1) ?? '') || undefined
  }

  /** A reader for each item of the array at a pointer; none where there is no array. */
  items(pointer: string): readonly RequestReader[] {
    const value = this.value(pointer)
    if (!Array.isArray(value)) return []
    return value.map((_item, index) => new RequestReader(this.request, this.#root, `${this.#base}${pointer}/${index}`))
  }

  /** A reader of the same request whose body is this JSON, which stands as text in one of its fields. */
  within(json: Uint8Array): RequestReader {
    const reader = new RequestReader(this.request)
    reader.#fields = bodyFields(undefined, json)
    reader.#claims = this.#root.#claims
    return reader
  }

  /** The claims of the request's token, once it was verified; `undefined`: it has none. */
  setClaims(claims: Claims | undefined): void {
    this.#root.#claims = claims ?? {}
  }
}

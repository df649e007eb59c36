import type { ValueSource } from '@holdfast/core'
import { itemSpans } from '../batch/json-spans.ts'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { type BodyFields, bodyFields } from './body-fields.ts'
import { byteString, byteStringText, utf8ByteString } from './encoding.ts'
import { type FormPair, parseForm } from './form-pairs.ts'
import type { MessagePiece } from './message-piece.ts'
import { headerValues, joinedHeader } from './request-headers.ts'
import { queryOf } from './request-url.ts'
import type { VerifiableRequest } from './verifiable-request.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** Claims of a token that was verified. */
type Claims = Readonly<Record<string, unknown>>

/**
 * Reads the values of one request, each part of which is parsed once and only when it is asked for. An item of the body's array
 * has a reader of its own, whose pointers begin at the item.
 */
export class RequestReader {
  readonly request: VerifiableRequest
  /** The bytes in which pointers lead: the body, an item of it, or JSON that stands as text in one of its fields. */
  readonly content: Uint8Array
  readonly #root: RequestReader
  #fields: BodyFields | undefined
  #query: readonly FormPair[] | undefined
  #claims: Claims = {}
  #signed: (() => readonly MessagePiece[] | VerifyFailureReason) | undefined

  constructor(request: VerifiableRequest, part?: { readonly root: RequestReader; readonly content: Uint8Array }) {
    this.request = request
    this.#root = part?.root ?? this
    this.content = part?.content ?? request.body
  }

  get headers(): HeaderPairs {
    return this.request.headers
  }

  get fields(): BodyFields {
    if (this.#fields !== undefined) return this.#fields
    const contentType = this === this.#root ? headerValues(this.headers, 'content-type')[0] : undefined
    this.#fields = bodyFields(contentType, this.content)
    return this.#fields
  }

  /** The JSON value at a pointer. */
  value(pointer: string): unknown {
    return this.fields.value(pointer)
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
        return this.fields.values(pointer)
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
    if (source.from === 'body') return this.fields.text(source.pointer ?? '') || undefined
    return byteStringText(this.values(source).at(-1) ?? '') || undefined
  }

  /**
   * A reader for each item of the array at a pointer, one after the other: a sender may make millions of them. None where there
   * is no array.
   */
  *items(pointer: string): Generator<RequestReader, undefined> {
    if (!Array.isArray(this.value(pointer))) return
    for (const { start, end } of itemSpans(this.content, pointer)) yield this.within(this.content.subarray(start, end))
  }

  /** A reader of the same request whose pointers lead in this JSON. */
  within(json: Uint8Array): RequestReader {
    return new RequestReader(this.request, { root: this.#root, content: json })
  }

  /** The claims of the request's token, once it was verified; `undefined`: it has none. */
  setClaims(claims: Claims | undefined): void {
    this.#root.#claims = claims ?? {}
  }
  /**
   * What the signature covers but the time, where the request could be written in other ways under the same signature;
   * `undefined`: it could not, or was not verified.
   */
  signed(): readonly MessagePiece[] | undefined {
    const pieces = this.#root.#signed?.()
    return typeof pieces === 'string' ? undefined : pieces
  }

  /** Says how what is signed is put together, once the request was verified. */
  setSigned(signed: () => readonly MessagePiece[] | VerifyFailureReason): void {
    this.#root.#signed = signed
  }
}

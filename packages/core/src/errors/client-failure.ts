import type { Verdict } from './status-rules.ts'
import type { IntegrationErrorInit } from './integration-error.ts'

/** An answer as an error of a client library holds it. */
export interface ClientAnswer {
  readonly status: number
  /** `Headers`, other pairs, or a plain object; what cannot be read as a header is left out. */
  readonly headers?: unknown
  /** Parsed JSON, text, or bytes. Anything else, such as a stream, counts as not read. */
  readonly body?: unknown
  /** The `Response` itself, where the error has it: one that came from `createFetch` is known. */
  readonly response?: unknown
}

/** What a client library's own words mean. */
export type ClientVerdict = Verdict & Pick<IntegrationErrorInit, 'retryAfterMs' | 'scope' | 'upstream'>

/** What was read from an error of a client library; every part is optional, and an empty object says: look at the causes. */
export interface ClientFailure {
  /** The answer that the error stands for. It decides when it is a failure. */
  readonly answer?: ClientAnswer
  /** What the error means where no answer decides. */
  readonly verdict?: ClientVerdict
  /** What it means when neither an answer, nor a verdict, nor the native error underneath says more. */
  readonly otherwise?: ClientVerdict
  /** The native error underneath, where the library does not put it into `cause`. */
  readonly cause?: unknown
  /** `METHOD https://host/path`; the query is removed. */
  readonly endpoint?: string
}

/**
 * Reads an error of one client library; `undefined` for what is not of that library. May throw: then nothing was read.
 * It is asked for the error, then for its causes.
 */
export type ReadClientFailure = (error: object) => ClientFailure | undefined

const MAX_BODY_BYTES = 65_536

/** Headers of any form as `Headers`. Never throws; what cannot be read is left out. */
export function headersOf(value: unknown): Headers {
  const headers = new Headers()
  for (const [name, field] of fieldsOf(value)) {
    for (const item of Array.isArray(field) ? field : [field]) {
      if (typeof item !== 'string' && typeof item !== 'number') continue
      try {
        headers.append(String(name), String(item))
      } catch {
        // Not a header.
      }
    }
  }
  return headers
}

function fieldsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  try {
    const pairs = Symbol.iterator in value ? [...(value as Iterable<unknown>)] : Object.entries(value)
    return pairs.filter((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2)
  } catch {
    return []
  }
}

/** The body as JSON where it is JSON, else as text; `undefined` when it was not read or is larger than 64 KiB. */
export function bodyOf(body: unknown): unknown {
  if (body instanceof ArrayBuffer) return bodyOf(new Uint8Array(body))
  if (body instanceof Uint8Array)
    return body.length > MAX_BODY_BYTES ? undefined : bodyOf(new TextDecoder().decode(body))
  if (typeof body !== 'string') return isJson(body) ? body : undefined
  if (body.length > MAX_BODY_BYTES || !/^\s*[[{]/.test(body)) return body
  try {
    return JSON.parse(body) as unknown
  } catch {
    return body
  }
}

/** Streams and other machinery are no bodies. */
function isJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** What an error with a status and headers says, itself or in `response`; also a thrown `Response`. */
export function readGenericFailure(error: object): ClientFailure | undefined {
  const { response } = error as { readonly response?: unknown }
  const carriers = [error, ...(typeof response === 'object' && response !== null ? [response] : [])]
  for (const carrier of carriers) {
    const { status, statusCode, headers, data, body } = carrier as Readonly<Record<string, unknown>>
    const number = status ?? statusCode
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 100 || number > 599) continue
    if (typeof headers !== 'object' || headers === null) continue
    return { answer: { status: number, headers, body: data ?? body, response: carrier } }
  }
  return undefined
}

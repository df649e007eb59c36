import { initOfBody } from '../body/body-kinds.ts'
import { untilDeadline } from '../fetch/body-deadline.ts'
import { recordOf } from '../fetch/explain.ts'
import { ClientCall } from './client-call.ts'
import type { RequestOptions, ResolvedClientOptions } from './client-options.ts'
import { errorOfBody, errorOfRequest, errorOfResponse, errorOfThrown } from './call-errors.ts'
import type { StartRequest } from './ky-request.ts'
import { readJson } from './read-json.ts'
import { resolveUrl } from './resolve-url.ts'
import { type StandardSchema, validate } from './standard-schema.ts'

/**
 * A promise of a Response that was a success, with shortcuts to its body. A shortcut that is called before the answer has
 * come also sets the `accept` header. A shortcut reads within the deadline of the call, and rejects with `timeout` when it
 * passes. Everything rejects with an `IntegrationError`.
 */
export interface ResponsePromise extends Promise<Response> {
  /** The parsed body; `undefined` for HEAD, 204, 205 and 304, which have none. `Value` is believed, not checked. */
  json<Value = unknown>(): Promise<Value>
  /** What `schema` makes of the parsed body. */
  json<Output>(schema: StandardSchema<Output>): Promise<Output>
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
  blob(): Promise<Blob>
  formData(): Promise<FormData>
  bytes(): Promise<Uint8Array>
}

/** A request that was started. */
export interface StartedCall {
  readonly call: ClientCall
  readonly promise: ResponsePromise
}

type BodyKind = 'json' | 'text' | 'arrayBuffer' | 'blob' | 'formData' | 'bytes'

/** Starts a request of a client. Never throws: what is wrong rejects the promise. */
export function startCall(
  client: ResolvedClientOptions,
  start: StartRequest,
  url: string | URL,
  options: RequestOptions = {},
): StartedCall {
  const { method, headers, searchParams, json, allowPartial: _partial, ...init } = options
  const call = new ClientCall(client, String(method ?? 'GET').toUpperCase(), String(url), options)

  const send = async (finalUrl: string, finalHeaders: Headers): Promise<Response> => {
    call.url = finalUrl
    if (json !== undefined && !finalHeaders.has('content-type')) finalHeaders.set('content-type', 'application/json')
    const request = { ...init, method: call.method, headers: finalHeaders }
    let response: Response
    try {
      response = await client.fetch(finalUrl, request)
    } catch (error) {
      throw errorOfThrown(error, call, recordOf(request))
    }
    call.response = response
    const failure = await errorOfResponse(response, call)
    if (failure !== undefined) throw failure
    return response
  }

  let pending: Promise<Response>
  let shortcuts: Partial<Readonly<Record<BodyKind, () => Promise<unknown>>>> = {}
  try {
    if (!isUrl(url)) throw new TypeError('The URL is neither text nor a URL; a Request has more in it than its URL.')
    // Made once and as text, so that it can be sent again.
    if (json !== undefined) init.body = JSON.stringify(json)
    if (init.body instanceof ReadableStream) Object.assign(init, initOfBody(init.body))
    const started = start({
      url: resolveUrl(client.baseUrl, url),
      method: call.method,
      headers,
      searchParams,
      send,
      parseJson: (text, response) => readJson(text, response, call),
    })
    pending = started
    // ky's own, which set the `accept` header; those of the promise are about to be replaced.
    const { json: asJson, text, arrayBuffer, blob, formData, bytes } = started
    shortcuts = { json: asJson, text, arrayBuffer, blob, formData, bytes }
  } catch (error) {
    pending = Promise.reject(errorOfRequest(error, call))
  }

  const read = async <Value>(kind: BodyKind): Promise<Value> => {
    try {
      const reading = shortcuts[kind]?.() ?? pending
      return (await untilDeadline(reading, pending, (reason) => (call.timeoutReason = reason))) as Value
    } catch (error) {
      throw errorOfBody(error, call)
    }
  }
  const promise = Object.assign(pending, {
    json: async (schema?: StandardSchema): Promise<unknown> => {
      const value = await read('json')
      return schema === undefined ? value : validate(schema, value, call)
    },
    text: () => read('text'),
    arrayBuffer: () => read('arrayBuffer'),
    blob: () => read('blob'),
    formData: () => read('formData'),
    bytes: () => read('bytes'),
  }) as ResponsePromise
  return { call, promise }
}

/** A URL of another realm, as test runners have them, is one too. */
function isUrl(url: unknown): url is string | URL {
  return typeof url === 'string' || (typeof url === 'object' && url !== null && 'href' in url)
}

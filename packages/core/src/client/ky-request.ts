// The only file that imports ky. What ky is used for: URLs, search parameters, headers, the `accept` header that fits how
// the body is read, and the shortcuts to read it. What it is not used for:
//
//   retry         `limit: 0`. createFetch retries; and ky tees the body of every request that it may have to repeat.
//   timeout       false. createFetch has a deadline, and timers on a clock.
//   errors        throwHttpErrors false. The function given as `fetch` throws what there is to throw.
//   body, signal  They never reach ky's Request: a body inside a Request can be sent once only, so that nothing with a body
//                 could be repeated; and ky makes an `AbortSignal.any` of each signal.
import ky, { type KyInstance, type Options, type ResponsePromise as KyResponsePromise } from 'ky'

/** Search parameters as text, pairs, an object or `URLSearchParams`. */
export type SearchParams = NonNullable<Options['searchParams']>

/** Headers as an object, pairs or `Headers`. */
export type HeaderValues = NonNullable<Options['headers']>

/** A request as ky sees it. */
export interface KyRequest {
  readonly url: string
  readonly method: string
  readonly headers: HeaderValues | undefined
  readonly searchParams: SearchParams | undefined
  /** Sends. Gets the URL and the headers as ky has made them. */
  readonly send: (url: string, headers: Headers) => Promise<Response>
  /** Makes a value of the text of an answer. Whatever it throws comes out of `json()` as it is. */
  readonly parseJson: (text: string, response: Response) => unknown
}

/** Starts a request with ky; throws at once for what cannot be one. */
export type StartRequest = (request: KyRequest) => KyResponsePromise

/** A starter whose requests have `headers` besides their own. */
export function createStarter(headers: HeaderValues | undefined): StartRequest {
  const instance: KyInstance = ky.create({
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    ...(headers === undefined ? {} : { headers }),
  })
  return ({ url, method, headers: own, searchParams, send, parseJson }) =>
    instance(url, {
      method,
      ...(own === undefined ? {} : { headers: own }),
      ...(searchParams === undefined ? {} : { searchParams }),
      fetch: (request) => {
        const { url: finalUrl, headers: finalHeaders } = request as Request
        return send(finalUrl, finalHeaders)
      },
      parseJson: (text, { response }) => parseJson(text, response),
    })
}

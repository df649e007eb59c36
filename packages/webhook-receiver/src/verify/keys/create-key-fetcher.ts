import {
  callback,
  checkOptions,
  type Clock,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  plainObject,
  systemClock,
} from '@holdfast/core'
import { discardBody } from './discard-body.ts'
import type { KeyDocument, KeyFetcher, KeyRequest } from './key-fetcher.ts'

/** What a request for a key carries to say who asks. */
export interface KeyAuthorization {
  readonly headers?: Readonly<Record<string, string>>
  /** Body of a `POST`; an object is sent as JSON. */
  readonly body?: string | Readonly<Record<string, unknown>>
}

/** Says who asks for a key. May refresh a token first. */
export type AuthorizeKeyRequest = (request: KeyRequest) => KeyAuthorization | Promise<KeyAuthorization>

export interface KeyFetcherOptions {
  /** Transport, for example what `createFetch` of `@holdfast/core` makes. Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** For providers that want to know who asks (Plaid, eBay), by connector id. */
  readonly credentials?: Readonly<Record<string, AuthorizeKeyRequest>>
  /** Time for the whole call, body included, in milliseconds. Default: `5_000`. */
  readonly timeoutMs?: number
  /** Largest document that is read, in bytes. Default: `65_536`. */
  readonly maxBytes?: number
  /**
   * Certificates in PEM, to one of which the chain of a fetched X.509 certificate must lead, for example
   * `tls.rootCertificates`. The document must then hold the whole chain. Default: the host's TLS certificate is trusted to
   * vouch for what it serves.
   */
  readonly trustedCertificates?: readonly string[]
  readonly clock?: Clock
}

/** Defaults of `createKeyFetcher`. */
export const defaultKeyFetcherOptions: Readonly<{ timeoutMs: number; maxBytes: number }> = Object.freeze({
  timeoutMs: 5_000,
  maxBytes: 65_536,
})

/**
 * Makes the `KeyFetcher` for sources whose provider publishes its keys. It asks over https only, follows no redirect, talks to
 * no host that is an IP address, and reads no more than `maxBytes`.
 *
 * @throws InvalidOptionsError when an option is wrong, or certificates are to be judged where the runtime has no `node:crypto`.
 */
export function createKeyFetcher(options: KeyFetcherOptions = {}): KeyFetcher {
  checkOptions('', options, {
    fetch: callback,
    credentials: plainObject,
    timeoutMs: durationMs({ min: 1 }),
    maxBytes: integer({ min: 1 }),
    trustedCertificates: certificates,
    clock: clockObject,
  })
  for (const [id, authorize] of Object.entries(options.credentials ?? {})) {
    if (typeof authorize !== 'function') throw wrongCredentials(id, `a value of type ${typeof authorize}`)
  }
  const { credentials = {}, trustedCertificates, clock = systemClock } = options
  const { timeoutMs, maxBytes } = { ...defaultKeyFetcherOptions, ...options }

  return {
    ...(trustedCertificates && { trustedCertificates }),
    async fetchKey(request) {
      const { url } = request
      if (!isPublicHttps(url))
        throw new Error(`Keys are fetched over https from a named host, not from ${redacted(url)}.`)
      const authorize = Object.hasOwn(credentials, request.connector) ? credentials[request.connector] : undefined
      if (request.authorized && authorize === undefined) throw wrongCredentials(request.connector, '`undefined`')
      const authorization = (await authorize?.(request)) ?? {}
      const controller = new AbortController()
      const cancel = clock.schedule(timeoutMs, () => controller.abort(new Error('The document did not come in time.')))
      try {
        // Looked up at each call, so that a fetch that was replaced is respected.
        const fetch = options.fetch ?? globalThis.fetch
        const response = await fetch(url, initOf(request, authorization, controller.signal))
        return await readDocument(response, maxBytes)
      } finally {
        cancel()
      }
    },
  }
}

function initOf({ method }: KeyRequest, { headers = {}, body }: KeyAuthorization, signal: AbortSignal): RequestInit {
  const json = typeof body === 'object'
  return {
    method,
    headers: { accept: '*/*', ...(json && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && method === 'POST' && { body: json ? JSON.stringify(body) : body }),
    // `manual`, not `error`: Workers know no `error`.
    redirect: 'manual',
    signal,
  }
}

async function readDocument(response: Response, maxBytes: number): Promise<KeyDocument | undefined> {
  const { status } = response
  // What providers answer for a key that they do not have. Anything else may pass.
  if (status === 400 || status === 404 || status === 410) {
    discardBody(response)
    return undefined
  }
  if (status !== 200) {
    discardBody(response)
    throw new Error(`The document's host answered ${status === 0 ? 'with a redirect' : status}.`)
  }
  const text = await readText(response, maxBytes)
  const maxAgeMs = maxAgeOf(response.headers)
  return { text, ...(maxAgeMs !== undefined && { maxAgeMs }) }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    bytes += chunk.value.length
    if (bytes > maxBytes) {
      await reader?.cancel()
      throw new Error(`The document is longer than ${maxBytes} bytes.`)
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}

/** `max-age` (RFC 9111 section 5.2.2.1) without the `Age` that the answer had already; 0 where it must not be kept. */
function maxAgeOf(headers: Headers): number | undefined {
  const control = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/\bno-(?:store|cache)\b/.test(control)) return 0
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,10})/.exec(control) ?? []
  if (seconds === undefined) return undefined
  const age = Number(headers.get('age') ?? 0)
  return 1000 * Math.max(Number(seconds) - (Number.isFinite(age) ? age : 0), 0)
}

function isPublicHttps(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  // The URL parser writes every IPv4 address with dots, and IPv6 in brackets.
  const named = !/^[\d.]+$|^\[/.test(hostname)
  return protocol === 'https:' && named && username === '' && password === ''
}

/** A URL may hold a token: host and nothing else. */
function redacted(url: string): string {
  return URL.canParse(url) ? `\`${new URL(url).protocol}//${new URL(url).host}\`` : 'what is no URL'
}

/** What came may be the credentials themselves. */
function wrongCredentials(connector: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({
    path: `credentials.${connector}`,
    expected: 'a function that says who asks for a key',
    received: undefined,
    receivedText,
  })
}

function certificates(value: unknown): string | undefined {
  const wrong = 'an array of certificates in PEM'
  const pems =
    Array.isArray(value) && value.every((item) => typeof item === 'string' && item.includes('BEGIN CERTIFICATE'))
  if (!pems) return wrong
  return globalThis.process?.getBuiltinModule?.('node:crypto') === undefined
    ? 'absent: this runtime has no node:crypto to judge certificates with'
    : undefined
}

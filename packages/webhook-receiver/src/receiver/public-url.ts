import { type Handshake, IntegrationError, InvalidOptionsError, type WebhookDescription } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { answerValues } from '../handshake/answer-values.ts'
import { joinUrl, splitUrl } from '../verify/request-url.ts'
import { ignoreRejection } from './ignore-rejection.ts'

/** What a function of `publicUrl` is asked about. Nothing in it is verified. */
export interface PublicUrlRequest {
  readonly method: string
  /** As it came. */
  readonly url: string
  readonly headers: HeaderPairs
}

/** Where a sender reaches a source. */
export type PublicUrl = string | ((request: PublicUrlRequest) => string)

/** Says under which URL a request was sent. Throws an IntegrationError `configuration_error` where that is not to be found. */
export type UrlOfRequest = (request: PublicUrlRequest) => string

/** The value of `publicUrl` that takes the URL as the adapter hands it over. */
export const AS_RECEIVED = 'as_received'

/**
 * Prepares finding the URL of requests.
 *
 * @throws InvalidOptionsError when `publicUrl` is no base URL, or is absent and the connector signs URLs: the header `host` is
 * the sender's choice, and must not decide what a signature is compared with.
 */
export function urlOfRequest(
  path: string,
  publicUrl: PublicUrl | undefined,
  webhook: WebhookDescription,
): UrlOfRequest {
  if (publicUrl === undefined) {
    if (signsUrl(webhook)) throw urlNeeded(path)
    return ({ url }) => url
  }
  if (typeof publicUrl === 'function') return (request) => absolute(publicUrl(request), 'publicUrl returned')
  if (publicUrl === AS_RECEIVED) return ({ url }) => absolute(url, 'The request came with')
  const base = checkBase(path, publicUrl)
  return ({ url }) => {
    const { path: received, query } = splitUrl(url)
    return `${base}${received.startsWith('/') ? '' : '/'}${received}${query}`
  }
}

/** Whether a scheme or a handshake needs the host under which it was reached. */
function signsUrl({ verify, handshakes = [] }: WebhookDescription): boolean {
  return verify.some(signsHost) || handshakes.some(hashesUrl)
}

function signsHost(scheme: WebhookDescription['verify'][number]): boolean {
  if (scheme.scheme === 'jwt') return scheme.claims?.urlHash !== undefined || scheme.claims?.audience !== undefined
  if (scheme.scheme === 'http-signature') return scheme.requires.some((component) => hostComponents.includes(component))
  return 'message' in scheme && scheme.message.some((part) => part.part === 'url' && (part.form ?? 'full') === 'full')
}

const hostComponents: readonly string[] = ['@authority', '@scheme', '@target-uri']

function hashesUrl({ respond }: Handshake): boolean {
  return answerValues(respond).some((value) => 'digest' in value && value.digest.of.includes('url'))
}

function checkBase(path: string, publicUrl: string): string {
  const pieces = splitUrl(publicUrl)
  const isBase =
    /^https?:\/\/$/.test(pieces.scheme) &&
    pieces.host !== '' &&
    pieces.credentials === '' &&
    pieces.query === '' &&
    !publicUrl.includes('#') &&
    URL.canParse(publicUrl)
  if (!isBase) throw new InvalidOptionsError({ path, expected: baseUrl, received: publicUrl })
  return joinUrl({ ...pieces, path: pieces.path.replace(/\/+$/, '') })
}

const baseUrl =
  "the http or https URL in front of the path that requests come with, for example `https://example.com`; 'as_received'; or a function"

function urlNeeded(path: string): InvalidOptionsError {
  return new InvalidOptionsError({
    path,
    expected: `${baseUrl}: the provider signs the URL that it calls`,
    received: undefined,
    hint: "It is not taken from the header `host`, which the sender chooses. 'as_received' is for platforms that hand over whole URLs.",
  })
}

function absolute(url: unknown, what: string): string {
  if (typeof url === 'string' && splitUrl(url).scheme !== '') return url
  ignoreRejection(url)
  throw new IntegrationError({
    code: 'configuration_error',
    reason: 'url_not_absolute',
    message: `${what} no absolute URL, so nobody can say which one the provider signed. Set \`publicUrl\` of the source.`,
  })
}

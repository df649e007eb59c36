import {
  checkOptions,
  type Clock,
  clockObject,
  type Connector,
  either,
  integer,
  nonEmptyString,
  plainObject,
  type Random,
  randomObject,
} from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { splitUrl } from '../verify/request-url.ts'
import type { SchemeChoice } from './choose-scheme.ts'
import type { WebhookBody } from './draft-body.ts'
import { isPrivatePem } from './private-key.ts'
import { cannotSign } from './signing-error.ts'
import type { SigningKey } from './webhook-key.ts'

export interface SignRequestOptions {
  readonly connector: Connector
  /**
   * The shared secret, as the source has it in `secrets`; a private key as PEM; or what `generateWebhookKey` made. Absent only for
   * schemes of kind `none`.
   */
  readonly key?: string | SigningKey
  /**
   * Which of the connector's schemes: its index in `verify`, or its kind, which means the first of that kind. Default: the
   * key's own, or else the first that takes the key.
   */
  readonly scheme?: SchemeChoice
  /**
   * Text and bytes are sent as they are, unless the scheme puts something into them; an object is sent as JSON, a
   * `URLSearchParams` as a form. Default: `{}`, or an empty form where the scheme signs forms.
   */
  readonly body?: WebhookBody
  /** Where the request goes, absolute, as the provider knows it. Default: `https://localhost/webhooks/<id of the connector>`. */
  readonly url?: string
  /** One that `fetch` can send. Default: `POST`. */
  readonly method?: string
  /** Further headers. Those that the scheme needs and that are not here are made up. */
  readonly headers?: Readonly<Record<string, string>> | HeaderPairs
  /** When it is signed, in milliseconds since the epoch or as a `Date`. Default: the clock's now. */
  readonly timestamp?: number | Date
  /** The event id, put where the connector has it. Default: what is there, or one that is made up where it is a header. */
  readonly id?: string
  /** Claims for the token of a scheme `jwt`, beside and before those that it needs. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Checks the options of `signRequest`, but for what only the connector can say of them.
 *
 * @throws InvalidOptionsError for the first that is wrong. The key is never shown.
 */
export function checkSignOptions(options: SignRequestOptions): void {
  checkOptions('', options, {
    connector: () => undefined,
    key: () => undefined,
    scheme: either(integer({ min: 0 }), nonEmptyString),
    body: () => undefined,
    url: (url) => (isHttpUrl(url) ? undefined : 'an absolute http or https URL without credentials'),
    method: (method) => (isMethod(method) ? undefined : 'a method that `fetch` can send'),
    headers: (headers) => (Array.isArray(headers) ? undefined : plainObject(headers)),
    timestamp: (time) => (Number(time) >= 0 ? undefined : 'milliseconds since the epoch or a valid `Date`'),
    id: nonEmptyString,
    claims: plainObject,
    clock: clockObject,
    random: randomObject,
  })
}

function isMethod(value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    return new Request('https://localhost', { method: value }).method !== ''
  } catch {
    return false
  }
}

function isHttpUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { scheme, credentials } = splitUrl(url)
  return /^https?:\/\/$/i.test(scheme) && credentials === ''
}

/**
 * The key, whichever way it was given.
 *
 * @throws InvalidOptionsError when it is none.
 */
export function keyOf(key: SignRequestOptions['key']): SigningKey {
  if (key === undefined) return {}
  if (typeof key === 'string' && key !== '') return isPrivatePem(key) ? { privateKey: key } : { secret: key }
  if (typeof key === 'object' && key !== null) return key
  throw cannotSign('key', 'a non-empty string, or what `generateWebhookKey` made', describeType(key))
}

function describeType(value: unknown): string {
  return value === '' ? 'an empty string' : `a value of type ${typeof value}`
}

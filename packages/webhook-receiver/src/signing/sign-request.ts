import {
  checkConnector,
  checkOptions,
  type Clock,
  type Connector,
  either,
  integer,
  nonEmptyString,
  plainObject,
  type Random,
  systemClock,
  systemRandom,
  type VerificationScheme,
  type WebhookDescription,
  type WebhookId,
} from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { platformHashes } from '../verify/platform-hashes.ts'
import { splitUrl } from '../verify/request-url.ts'
import { webhookOf } from '../verify/verifier.ts'
import { checkApplies, chooseScheme, type SchemeChoice } from './choose-scheme.ts'
import type { WebhookBody } from './draft-body.ts'
import { DraftRequest } from './draft-request.ts'
import { fillSource } from './fill-message.ts'
import { isPrivatePem } from './private-key.ts'
import { showSecret } from './show-secret.ts'
import { signHttpMessage } from './sign-http-message.ts'
import { signMessage } from './sign-message.ts'
import { signToken } from './sign-token.ts'
import type { SigningContext } from './signing-context.ts'
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
  /** Default: `POST`. */
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

/** A request as the provider would have sent it. It can be given to a verifier as it is. */
export interface SignedRequest {
  readonly method: string
  readonly url: string
  /** Values are byte strings: each UTF-16 unit is one byte. */
  readonly headers: HeaderPairs
  readonly body: Uint8Array<ArrayBuffer>
  /** When it was signed, in milliseconds since the epoch. */
  readonly receivedAt: number
  /** The same for `fetch`, or for `receiver.handle`. Its body can be read once. */
  readonly request: Request
}

/**
 * Signs a request as the provider does, from the connector's data: for the tests of your own handlers. It reads the same data as
 * the receiver, so that it proves nothing about the data; the project's own tests use the providers' libraries for that.
 *
 * @throws InvalidOptionsError when an option is wrong, or the scheme cannot sign such a request. No secret is shown.
 */
export async function signRequest(options: SignRequestOptions): Promise<SignedRequest> {
  checkSignOptions(options)
  const { connector, clock = systemClock, random = systemRandom, claims = {}, id } = options
  const webhook = webhookOf(checkConnector(connector, 'connector'), 'connector')
  const key = keyOf(options.key)
  const timestampMs = Number(options.timestamp ?? clock.now())
  const draft = draftOf(options, key, webhook, timestampMs)
  const index = chooseScheme(webhook, options.scheme, key, draft.body.isForm)
  const scheme = webhook.verify[index] as VerificationScheme
  const eventId = scheme.eventId ?? webhook.eventId
  placeId(draft, webhook, eventId, id, random)
  const named = id !== undefined && eventId?.from === 'claim' ? { [eventId.name ?? '']: id } : {}
  const context: SigningContext = {
    key,
    hashes: platformHashes(),
    timestampMs,
    eventId,
    random,
    claims: { ...named, ...claims },
  }
  for (const base of basesOf(draft, scheme)) await sign(draft, scheme, context, base)
  checkApplies(webhook.verify, index, draft.read())
  return finished(draft)
}

function checkSignOptions(options: SignRequestOptions): void {
  checkOptions('', options, {
    connector: () => undefined,
    key: () => undefined,
    scheme: either(integer({ min: 0 }), nonEmptyString),
    body: () => undefined,
    url: (url) => (isHttpUrl(url) ? undefined : 'an absolute http or https URL without credentials'),
    method: nonEmptyString,
    headers: (headers) => (Array.isArray(headers) ? undefined : plainObject(headers)),
    timestamp: (time) => (Number(time) >= 0 ? undefined : 'milliseconds since the epoch or a valid `Date`'),
    id: nonEmptyString,
    claims: plainObject,
    clock: plainObject,
    random: plainObject,
  })
}

function isHttpUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { scheme, credentials } = splitUrl(url)
  return /^https?:\/\/$/i.test(scheme) && credentials === ''
}

function keyOf(key: SignRequestOptions['key']): SigningKey {
  if (key === undefined) return {}
  if (typeof key === 'string' && key !== '') return isPrivatePem(key) ? { privateKey: key } : { secret: key }
  if (typeof key === 'object' && key !== null) return key
  throw cannotSign('key', 'a non-empty string, or what `generateWebhookKey` made', describeType(key))
}

function describeType(value: unknown): string {
  return value === '' ? 'an empty string' : `a value of type ${typeof value}`
}

function draftOf(
  { connector, body, url, method = 'POST', headers = [], scheme }: SignRequestOptions,
  key: SigningKey,
  { verify }: WebhookDescription,
  receivedAt: number,
): DraftRequest {
  const chosen = verify[typeof scheme === 'number' ? scheme : (key.scheme ?? 0)]
  const signsForm =
    chosen !== undefined && 'message' in chosen && chosen.message.some(({ part }) => part === 'sortedForm')
  return new DraftRequest({
    method: method.toUpperCase(),
    url: url ?? `https://localhost/webhooks/${connector.id}`,
    headers: Array.isArray(headers) ? (headers as HeaderPairs) : Object.entries(headers),
    body: body ?? (signsForm ? new URLSearchParams() : {}),
    receivedAt,
  })
}

/** Puts the event id where the connector has it; in a batch, where its one item has it. */
function placeId(
  draft: DraftRequest,
  { batch }: WebhookDescription,
  eventId: WebhookId | undefined,
  id: string | undefined,
  random: Random,
): void {
  if (id === undefined) {
    if (eventId?.from === 'header') fillSource(draft, eventId, random.uuid(), '')
    return
  }
  if (eventId === undefined) throw cannotSign('id', 'absent, for the provider sends none', 'a value')
  if (eventId.from === 'claim') return
  if (eventId.from !== 'body' || batch === undefined) {
    draft.write(eventId, id)
    return
  }
  if (batch.json === true || [...draft.read().items(batch.pointer)].length !== 1)
    throw cannotSign('id', 'absent, for each item of the body has its own', 'a value')
  draft.write(eventId, id, `${batch.pointer}/0`)
}

/** Where what is signed begins: the request itself, or each item of it. */
function basesOf(draft: DraftRequest, { each }: VerificationScheme): readonly string[] {
  if (each === undefined) return ['']
  const items = [...draft.read().items(each)]
  if (items.length > 0) return items.map((_item, index) => `${each}/${index}`)
  throw cannotSign('body', `JSON with an array of at least one item at \`${each}\`, each of which is signed`, 'another')
}

async function sign(
  draft: DraftRequest,
  scheme: VerificationScheme,
  context: SigningContext,
  base: string,
): Promise<void> {
  switch (scheme.scheme) {
    case 'hmac':
    case 'digest':
    case 'signature':
      return signMessage(draft, scheme, context, base)
    case 'jwt':
      return signToken(draft, scheme, context)
    case 'http-signature':
      return signHttpMessage(draft, scheme, context)
    case 'token':
    case 'basic':
      return showSecret(draft, scheme, context, base)
    case 'none':
  }
}

function finished(draft: DraftRequest): SignedRequest {
  const { method, url, headers, receivedAt, hasBody } = draft
  const body = hasBody ? draft.body.bytes() : new Uint8Array(0)
  const request = new Request(url, {
    method,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
    ...(hasBody && { body }),
  })
  return { method, url, headers, body, receivedAt, request }
}

import {
  checkConnector,
  type Random,
  systemClock,
  systemRandom,
  type VerificationScheme,
  type WebhookDescription,
  type WebhookId,
} from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { platformHashes } from '../verify/platform-hashes.ts'
import { webhookOf } from '../verify/verifier.ts'
import { checkApplies, chooseScheme } from './choose-scheme.ts'
import { DraftRequest } from './draft-request.ts'
import { fillSource } from './fill-message.ts'
import { showSecret } from './show-secret.ts'
import { signHttpMessage } from './sign-http-message.ts'
import { signMessage } from './sign-message.ts'
import { checkSignOptions, keyOf, type SignRequestOptions } from './sign-request-options.ts'
import { signToken } from './sign-token.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign } from './signing-error.ts'
import type { SigningKey } from './webhook-key.ts'

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
  return { method, url, headers, body, receivedAt, request: requestOf(draft, body) }
}

/** What a platform says of a value that is none may show it, and it may be the secret. */
function requestOf({ method, url, headers, hasBody }: DraftRequest, body: Uint8Array<ArrayBuffer>): Request {
  const pairs = headers.map(([name, value]): [string, string] => [name, value])
  try {
    return new Request(url, { method, headers: pairs, ...(hasBody && { body }) })
  } catch {
    throw cannotSign('headers', 'names and values that a request can have, the secret too where it is one', 'others')
  }
}

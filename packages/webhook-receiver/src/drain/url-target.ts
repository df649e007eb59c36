import {
  arrayOf,
  callback,
  type Check,
  createFetch,
  either,
  IntegrationError,
  integrationErrorOf,
  InvalidOptionsError,
  isIntegrationError,
  nonEmptyString,
  plainObject,
  redactUrl,
} from '@holdfast/core'
import type { DeliveryContext } from '../receiver/delivery-context.ts'
import type { UrlOptions } from '../receiver/destination-options.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { defaultForwardedHeaders, headerRule } from './forwarded-headers.ts'
import { sendingError } from './sending-error.ts'

/** Where the events of a destination go: a handler, and which of its errors no repeat can help. */
export interface Target {
  readonly handle: (event: WebhookEvent, context: DeliveryContext) => Promise<void> | void
  readonly isHopeless: (error: unknown) => boolean
}

/** The checks of the options that go with `url`. */
export const urlChecks: Readonly<Record<keyof UrlOptions, Check>> = {
  url: (value) => (value instanceof URL ? undefined : either(nonEmptyString, callback)(value)),
  method: (value) =>
    nonEmptyString(value) ?? (/^(?:get|head)$/i.test(value as string) ? 'a method that sends a body' : undefined),
  headers: either(plainObject, callback),
  forwardHeaders: arrayOf(nonEmptyString),
  fetch: callback,
  sign: callback,
}

// The drain repeats, paces and breaks; two that do it would multiply each other.
const transport = createFetch({
  retry: false,
  breaker: false,
  rateLimit: false,
  deadlineMs: false,
  attemptTimeoutMs: false,
})

/**
 * Makes the target for a URL. `path` names its options in messages.
 *
 * @throws InvalidOptionsError when `url` is no http URL, or a header is no text.
 */
export function urlTarget(path: string, options: UrlOptions): Target {
  const { url, method = 'POST', headers, sign, fetch = transport } = options
  if (typeof url !== 'function') checkUrl(`${path}.url`, url)
  if (typeof headers !== 'function') checkHeaders(`${path}.headers`, headers)
  const forwarded = headerRule(options.forwardHeaders ?? defaultForwardedHeaders)

  const requestOf = async (event: WebhookEvent, context: DeliveryContext): Promise<[string, RequestInit]> => {
    // Asked anew for each attempt: it may have moved.
    const target = checkUrl(`${path}.url`, typeof url === 'function' ? await url(event) : url)
    const all = forwarded(event.rawHeaders)
    const more = typeof headers === 'function' ? await headers(event, context) : headers
    checkHeaders(`${path}.headers`, more)
    for (const [name, value] of Object.entries(more ?? {})) all.set(name, value)
    all.set('idempotency-key', keyOf(event))
    all.set('holdfast-attempt', String(context.attempt))
    all.set('holdfast-received-at', new Date(event.receivedAt).toISOString())
    all.set('holdfast-source', event.source)
    const signature = await sign?.({ method, url: target.href, headers: all, body: event.body, event })
    for (const [name, value] of Object.entries(signature ?? {})) all.set(name, value)
    return [target.href, { method, headers: all, body: event.body, redirect: 'manual', signal: context.signal }]
  }

  return {
    async handle(event, context) {
      const [target, init] = await requestOf(event, context)
      let response: Response
      try {
        response = await fetch(target, init)
      } catch (error) {
        if (context.signal.aborted) throw context.signal.reason
        throw sendingError(error, `${path}.url`, target) ?? error
      }
      await discard(response)
      if (response.status >= 300 && response.status < 400) throw redirected(response.status)
      const failure = integrationErrorOf(response)
      if (failure !== undefined) throw failure
    },
    // It answered that this will not do. Configuration may still be put right, and a quota is there again some day.
    isHopeless: (error) =>
      isIntegrationError(error) &&
      error.retryable === 'never' &&
      error.delivery === 'answered' &&
      error.code !== 'configuration_error' &&
      error.code !== 'quota_exhausted',
  }
}

// Reading a short answer to its end lets its connection serve the next one.
const READ_UP_TO_BYTES = 64 * 1024

async function discard({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (let left = READ_UP_TO_BYTES; left > 0; ) {
      const { done, value } = await reader.read()
      if (done) return
      left -= value.byteLength
    }
    await reader.cancel()
  } catch {
    // The status has said it all.
  }
}

/** Source, tenant and id of an event in one, in characters that a header may have: the same for each attempt, and for no other event. */
function keyOf({ source, tenant, id }: WebhookEvent): string {
  return [source, ...(tenant === undefined ? [] : [tenant]), id].map(encoded).join('/')
}

function encoded(text: string): string {
  // Half a character, which JSON can hold, has no encoding. `%u` stands in no other key, so two ids stay two. Halves are at odd places of the split.
  return text
    .split(/(\p{Surrogate})/u)
    .map((part, index) => (index % 2 === 0 ? encodeURIComponent(part) : `%u${part.charCodeAt(0).toString(16)}`))
    .join('')
}

function checkUrl(path: string, value: unknown): URL {
  const url =
    value instanceof URL ? value : typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url
  throw new InvalidOptionsError({
    path,
    expected: 'an http:// or https:// URL without credentials',
    received: undefined,
    receivedText: url === undefined ? `something else (${typeof value})` : redactUrl(`${url.protocol}//${url.host}`),
  })
}

/** A header may be a credential: what it is instead of a text is told by its type only. */
function checkHeaders(path: string, headers: Readonly<Record<string, unknown>> | undefined): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === 'string') continue
    throw new InvalidOptionsError({
      path: `${path}.${name}`,
      expected: 'a string',
      received: undefined,
      receivedText: value === undefined || value === null ? String(value) : `a value of type ${typeof value}`,
      ...(value === undefined ? { hint: 'Is its environment variable set?' } : {}),
    })
  }
}

function redirected(status: number): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'redirected',
    status,
    message: `The destination answered with a redirect (${status}). Give the URL that it leads to.`,
  })
}

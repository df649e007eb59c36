import { errorCodes, IntegrationError, isIntegrationError, type WebhookAck } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { headerValues } from '../verify/request-headers.ts'
import type { WebhookReply } from './receiver.ts'
import type { ResolvedSource } from './source-options.ts'

// Long enough for a restart or a failing disk to be noticed, short enough for providers that give up within minutes.
const RETRY_AFTER_MS = 5_000

/** The answer to a stored event; the same whether it was new or a duplicate. */
export function acceptedReply(ack: WebhookAck = defaultAck, headers: HeaderPairs = []): WebhookReply {
  const reply = ownReply(ack)
  if (ack.echo === undefined) return reply
  // A value that came in a header can go out in one.
  const echoed = ack.echo.flatMap((name) => headerValues(headers, name).map((value) => [name, value] as const))
  return { ...reply, headers: { ...reply.headers, ...Object.fromEntries(echoed) } }
}

const defaultAck: WebhookAck = { status: 200 }

function ownReply({ status, body, contentType }: WebhookAck): WebhookReply {
  // RFC 9110: 204 and 205 have no content.
  if (status === 204 || status === 205 || body === '') return { status, headers: {}, body: '' }
  if (body === undefined) {
    return { status, headers: { 'content-type': 'application/json' }, body: '{"status":"accepted"}' }
  }
  return { status, headers: { 'content-type': contentType ?? 'text/plain' }, body }
}

type RefusingSource = Pick<ResolvedSource, 'webhook' | 'handshakes'>

/**
 * The answer to a refused request: problem details (RFC 9457) with the code and the reason. The message stays inside; it may
 * name paths or settings that are nobody's business outside.
 */
export function refusedReply(error: IntegrationError, source?: RefusingSource): WebhookReply {
  const isUnauthentic = error.code === 'signature_invalid' || error.code === 'timestamp_stale'
  const special = isUnauthentic ? source?.webhook.refuse : undefined
  const status = special?.status ?? error.status
  if (special?.body === '') return { status, headers: {}, body: '' }
  const problem = { ...error.toProblem(), status, detail: errorCodes[error.code].meaning }
  const retryAfterS = Math.max(1, Math.ceil((error.retryAfterMs ?? RETRY_AFTER_MS) / 1000))
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 503 ? { 'retry-after': String(retryAfterS) } : {}),
      ...(status === 405 ? { allow: source?.handshakes.allow ?? 'POST' } : {}),
    },
    body: JSON.stringify(problem),
  }
}

/** The refusal for whatever `append` threw: 413 when the event is too large for the buffer, else 503, so that the sender repeats. */
export function appendRefusal(cause: unknown): IntegrationError {
  if (!isIntegrationError(cause)) return internalRefusal(cause, 503)
  const tooLarge = cause.reason === 'event_too_large'
  return new IntegrationError({
    code: cause.code,
    message: cause.message,
    status: tooLarge ? 413 : 503,
    cause,
    ...(cause.reason === undefined ? {} : { reason: cause.reason }),
    ...(tooLarge ? {} : { retryAfterMs: cause.retryAfterMs ?? RETRY_AFTER_MS }),
  })
}

/** The refusal for something that should not have happened. */
export function internalRefusal(cause: unknown, status: number): IntegrationError {
  return isIntegrationError(cause) ? cause : new IntegrationError({ code: 'internal_error', status, cause })
}

/** The refusal before `start` and after `stop`. */
export function notRunningRefusal(): IntegrationError {
  return new IntegrationError({
    code: 'overloaded',
    reason: 'not_running',
    message: 'The receiver is not running: it was not started yet, or is stopping.',
    retryAfterMs: RETRY_AFTER_MS,
  })
}

// A receiver may have a source for each of thousands of accounts, and a scanner many names.
const MAX_NAMED_SOURCES = 16

/**
 * The refusal for a path that names no source. A path may be long, and is the sender's; where it is too short, `url.split('/')[2]`
 * is no text.
 */
export function unknownSourceRefusal(name: unknown, sources: ReadonlyMap<string, unknown>): IntegrationError {
  const known: string[] = []
  for (const source of sources.keys()) {
    if (known.length === MAX_NAMED_SOURCES) break
    known.push(source)
  }
  const others = sources.size > known.length ? ` and ${sources.size - known.length} more` : ''
  return new IntegrationError({
    code: 'not_found',
    reason: 'unknown_source',
    message: `There is no source ${JSON.stringify(String(name).slice(0, 64))}; there are: ${known.join(', ')}${others}.`,
  })
}

/** The refusal for a method that no request of the provider has. */
export function methodRefusal(method: string, allow: string): IntegrationError {
  return new IntegrationError({
    code: 'unsupported',
    reason: 'method_not_allowed',
    message: `No webhook and no handshake of the provider comes with ${method}; expected ${allow}.`,
    status: 405,
  })
}

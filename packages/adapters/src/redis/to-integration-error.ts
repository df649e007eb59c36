import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { messageVerdicts } from './message-verdicts.ts'
import { replyVerdicts } from './reply-verdicts.ts'

/** What is read of an error of ioredis and node-redis, of any version and copy. */
interface RedisErrorLike {
  readonly message?: unknown
  /** Of ioredis: what was still wrong when it gave up. */
  readonly lastNodeError?: unknown
  /** Of node-redis: why there will be no other connection. */
  readonly socketError?: unknown
  /** Of node-redis: the replies of a transaction, among them errors. */
  readonly replies?: unknown
  readonly errorIndexes?: unknown
}

/**
 * The `IntegrationError` that describes what ioredis or node-redis threw. What is no error of theirs is described as far as it
 * can be; an `IntegrationError` is returned as it is. Never throws.
 *
 * Of a reply only its first word is kept, in `upstream.code`: the rest can quote keys and arguments.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read })
}

function read(error: RedisErrorLike): ClientFailure | undefined {
  const { message, lastNodeError, socketError } = error
  if (isPartial(error)) return { verdict: { code: 'partial_failure', reason: 'transaction', delivery: 'answered' } }
  const own = typeof message === 'string' ? messageVerdicts.find((rule) => rule.message.test(message)) : undefined
  if (own !== undefined) return { verdict: own.means }
  const cause = lastNodeError ?? socketError
  if (cause !== undefined)
    return { cause, otherwise: { code: 'connection_failed', reason: 'unreachable', delivery: 'not_sent' } }
  return typeof message === 'string' ? readReply(error, message) : undefined
}

function readReply(error: object, message: string): ClientFailure | undefined {
  if (/max number of clients/i.test(message)) return { verdict: tooManyClients }
  const code = /^-?([A-Z][A-Z\d_]{1,31})(?: |$)/.exec(message)?.[1]
  if (code === undefined) return undefined
  const isReply = isReplyError(error)
  const verdict = replyVerdicts[code] ?? (isReply ? { code: 'unknown', delivery: 'answered' } : undefined)
  // `ERR` and unknown words are common in other messages, so that the class has to say that it is a reply.
  if (verdict === undefined || (code === 'ERR' && !isReply)) return undefined
  return { verdict: { ...verdict, upstream: { code } } }
}

const tooManyClients = {
  code: 'upstream_unavailable',
  reason: 'too_many_connections',
  phase: 'connect',
  delivery: 'not_sent',
} as const

/** `ReplyError` of ioredis; `SimpleError` and `BlobError` of node-redis, which have that only as the name of their class; a code of Bun. */
function isReplyError(error: RedisErrorLike): boolean {
  const { name, code, constructor } = error as {
    readonly name?: unknown
    readonly code?: unknown
    readonly constructor?: { readonly name?: unknown }
  }
  if (name === 'ReplyError' || code === 'ERR_REDIS_SERVER_ERROR') return true
  return ['SimpleError', 'BlobError', 'ErrorReply'].includes(String(constructor?.name))
}

function isPartial({ replies, errorIndexes }: RedisErrorLike): boolean {
  return Array.isArray(replies) && Array.isArray(errorIndexes)
}

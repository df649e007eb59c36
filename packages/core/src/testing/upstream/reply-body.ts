import type { Clock } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'
import { bodyErrorOf } from './fault-errors.ts'
import type { ResolvedReply } from './upstream-reply.ts'

// After so long without a byte undici gives up.
const BODY_TIMEOUT_MS = 300_000
const NULL_BODY_STATUSES: readonly number[] = [204, 205, 304]

/** The pieces in which a body is sent. */
export function* piecesOf({ body, bytesPerChunk }: ResolvedReply): Generator<Uint8Array<ArrayBuffer>> {
  const size = Math.min(bytesPerChunk, Math.max(1, body.length))
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size)
}

/** The reply, but with the part of its body only that arrives before its fault shows. */
export function untilFault(reply: ResolvedReply): ResolvedReply {
  return { ...reply, body: reply.body.subarray(0, sentBytes(reply)) }
}

/** What a body of a Response depends on. */
export interface ReplyBodyOptions {
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  /** Called once: when the body has ended, failed or was let go of. */
  readonly finished: () => void
  /** Real time between the last byte and what breaks behind it, for who needs it. @defaultValue 0 */
  readonly beforeBreakMs?: number
}

/** Makes the body of a Response that behaves as the reply says. */
export function replyBody(
  reply: ResolvedReply,
  options: ReplyBodyOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null {
  const { signal, finished } = options
  const { status, fault, body, bytesPerChunk, chunkDelayMs } = reply
  const isEmpty = NULL_BODY_STATUSES.includes(status)
  const isWhole = bodyErrorOf(fault) === undefined && fault !== 'body_endless'
  if (isEmpty || (isWhole && bytesPerChunk >= body.length && chunkDelayMs === 0)) {
    finished()
    return isEmpty ? null : body
  }
  const sending = new AbortController()
  const stop = (): void => sending.abort(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const pieces = steps(reply, options, sending.signal)
  const end = (): void => {
    signal?.removeEventListener('abort', stop)
    finished()
  }
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const { done, value } = await pieces.next()
        if (!done) return controller.enqueue(value)
        controller.close()
      } catch (error) {
        controller.error(error)
      }
      end()
    },
    cancel: () => {
      sending.abort()
      end()
    },
  })
}

async function* steps(
  reply: ResolvedReply,
  { clock, beforeBreakMs = 0 }: ReplyBodyOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { fault, chunkDelayMs } = reply
  do {
    for (const piece of piecesOf(untilFault(reply))) {
      if (chunkDelayMs > 0) await clock.sleep(chunkDelayMs, signal)
      signal.throwIfAborted()
      yield piece
    }
  } while (fault === 'body_endless' && reply.body.length > 0)
  if (fault === 'body_stalls') await clock.sleep(BODY_TIMEOUT_MS, signal)
  signal.throwIfAborted()
  const error = bodyErrorOf(fault)
  if (error === undefined) return
  if (beforeBreakMs > 0) await systemClock.sleep(beforeBreakMs)
  throw error
}

function sentBytes({ fault, body }: ResolvedReply): number {
  if (fault === 'reset_after_headers' || fault === 'encoding_wrong') return 0
  const isHalf = fault === 'reset_in_body' || fault === 'body_cut' || fault === 'body_stalls'
  return isHalf ? Math.floor(body.length / 2) : body.length
}

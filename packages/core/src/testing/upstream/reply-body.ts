import type { Clock } from '../../time/clock.ts'
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

/**
 * Makes the body of a Response that behaves as the reply says. `finished` is called once, when the body has ended, failed or
 * was let go of.
 */
export function replyBody(
  reply: ResolvedReply,
  clock: Clock,
  signal: AbortSignal | undefined,
  finished: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null {
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
  const pieces = steps(reply, clock, sending.signal)
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
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { fault, chunkDelayMs } = reply
  do {
    for (const piece of piecesOf(untilFault(reply))) {
      if (chunkDelayMs > 0) await clock.sleep(chunkDelayMs, signal)
      signal.throwIfAborted()
      yield piece
    }
  } while (fault === 'body_endless')
  if (fault === 'body_stalls') await clock.sleep(BODY_TIMEOUT_MS, signal)
  signal.throwIfAborted()
  const error = bodyErrorOf(fault)
  if (error !== undefined) throw error
}

function sentBytes({ fault, body }: ResolvedReply): number {
  if (fault === 'reset_after_headers' || fault === 'encoding_wrong') return 0
  const isHalf = fault === 'reset_in_body' || fault === 'body_cut' || fault === 'body_stalls'
  return isHalf ? Math.floor(body.length / 2) : body.length
}

import { IntegrationError, isIntegrationError } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { headerValues } from '../verify/request-headers.ts'
import type { IncomingWebhook } from './receiver.ts'

/**
 * Reads a body, and never more than `maxBytes` of it. A `content-length` above the limit is refused before the first byte. `hold` hears how many
 * bytes of memory it takes so far, and may throw.
 *
 * @throws IntegrationError `invalid_request` with reason `body_too_large` (413) or `body_aborted` (400: the sender went away);
 * `configuration_error` with reason `raw_body_unavailable` (500) when text comes instead of bytes; or the stream's own
 * IntegrationError.
 */
export async function readBody(
  body: IncomingWebhook['body'],
  headers: HeaderPairs,
  maxBytes: number,
  hold: (bytes: number) => void = () => {},
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0)
  if (body instanceof Uint8Array) {
    if (body.byteLength > maxBytes) throw bodyTooLarge(maxBytes)
    hold(body.byteLength)
    return body
  }
  const declared = headerValues(headers, 'content-length')[0]
  if (declared !== undefined && Number(declared) > maxBytes) throw bodyTooLarge(maxBytes)

  let gathered: Uint8Array | undefined
  let length = 0
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw rawBodyUnavailable('Something decoded the body before the receiver')
      if (length + chunk.byteLength > maxBytes) throw bodyTooLarge(maxBytes)
      gathered = gathered === undefined ? chunk : append(gathered, length, chunk, maxBytes)
      length += chunk.byteLength
      hold(gathered.byteLength)
    }
  } catch (cause) {
    // An adapter that knows more about the failure throws it as an IntegrationError.
    if (isIntegrationError(cause)) throw cause
    throw new IntegrationError({
      code: 'invalid_request',
      reason: 'body_aborted',
      message: 'The sender went away before the body was complete.',
      phase: 'body',
      cause,
    })
  }
  if (gathered === undefined) return new Uint8Array(0)
  return gathered.byteLength === length ? gathered : gathered.subarray(0, length)
}

/** Body of a request that was read before. Reading it throws `configuration_error` with reason `raw_body_unavailable`. */
export const spentBody: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.reject(rawBodyUnavailable('Something read the body before the receiver')),
  }),
}

function rawBodyUnavailable(culprit: string): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'raw_body_unavailable',
    message: `${culprit}, so the raw bytes that the signature covers are gone. Hand the request over before anything reads it.`,
  })
}

/**
 * Puts a chunk behind the first `length` bytes of `gathered`, which doubles when it is full. Chunks are not kept one by one: a
 * sender may make them a byte long, and each would cost hundreds of bytes.
 */
function append(gathered: Uint8Array, length: number, chunk: Uint8Array, maxBytes: number): Uint8Array {
  const needed = length + chunk.byteLength
  let target = gathered
  if (needed > gathered.byteLength) {
    target = new Uint8Array(Math.min(maxBytes, Math.max(needed, 2 * gathered.byteLength)))
    target.set(gathered.subarray(0, length))
  }
  target.set(chunk, length)
  return target
}

function bodyTooLarge(maxBytes: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'body_too_large',
    message: `The body is larger than ${maxBytes} bytes (\`maxBodyBytes\` of the source).`,
    status: 413,
  })
}

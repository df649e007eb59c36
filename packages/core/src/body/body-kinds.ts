/** What `fetch` takes as a body. */
export type BodyValue = NonNullable<RequestInit['body']>

/** A body that is gone once it was read. */
export type OneShotBody = ReadableStream<unknown> | AsyncIterable<unknown>

/** Whether `fetch` reads the body afresh each time it is given it. */
export function isBodyValue(body: unknown): boolean {
  return (
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof FormData ||
    body instanceof Blob ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}

/** Whether the body is a stream, or what Node.js takes for one: its own streams and everything that iterates by itself. */
export function isOneShotBody(body: unknown): body is OneShotBody {
  return typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body)
}

/** The members of an `init` that send a body. The types of browsers do not know `duplex`. */
export interface SentBody {
  readonly body: BodyValue
  readonly duplex?: 'half'
}

/** The members of an `init` that send `body`. `fetch` asks for `duplex` where it cannot know the length. */
export function initOfBody(body: BodyValue): SentBody {
  return isBodyValue(body) ? { body } : { body, duplex: 'half' }
}

/** Whether somebody has read of the body, or is about to, so that `fetch` refuses it. */
export function isUsed(body: OneShotBody): boolean {
  // That of a stream of Node.js.
  if (!(body instanceof ReadableStream)) return Reflect.get(body, 'readableDidRead') === true
  try {
    // It refuses them too, and takes nothing out of the others.
    return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).body === null
  } catch {
    return true
  }
}

/** Frees what a body that nobody reads may hold open. */
export function freeBody(body: unknown): void {
  if (body instanceof ReadableStream && !body.locked) void body.cancel().catch(() => {})
  // A stream of Node.js keeps its file open until it is told.
  else if (isOneShotBody(body) && 'destroy' in body && typeof body.destroy === 'function') body.destroy()
}

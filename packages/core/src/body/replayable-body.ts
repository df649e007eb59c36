import type { BodyValue } from './body-kinds.ts'

/** What a body factory is told. */
export interface BodyRequest {
  /** The attempt that the body is for; 1 is the first. */
  readonly attempt: number
  /** Aborts when the body is not needed any more: the caller aborted, the deadline passed or an answer came before it was there. */
  readonly signal: AbortSignal
}

/** Makes the body of one attempt. What it throws ends the call, and is what the call throws. */
export type BodyFactory = (request: BodyRequest) => BodyValue | Promise<BodyValue>

// A registered symbol, so that a body of another copy of this package is known too.
const factory: unique symbol = Symbol.for('holdfast.bodyFactory') as never

/**
 * A body that can be sent as often as it takes: a function made by `createFetch` calls `make` anew for each attempt, so that an
 * upload from a file is repeated without ever being in memory. `make` returns whatever `fetch` takes as a body, or a promise of
 * it; `duplex: 'half'` is set where it is needed.
 *
 * It is a ReadableStream, so it fits everywhere where a body does. For any other reader, such as `globalThis.fetch` or the
 * constructor of `Request`, it is a stream that can be read once, and asks `make` for the first time when it is.
 *
 * @example fetch(url, { method: 'PUT', body: replayableBody(() => openAsBlob(path)) })
 */
export function replayableBody(make: BodyFactory): ReadableStream<Uint8Array> {
  const unread = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const open = async (): Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> => {
    // A Response turns whatever is a body into a stream of bytes.
    const { body } = new Response(madeBody(await make({ attempt: 1, signal: unread.signal })))
    if (unread.signal.aborted) await body?.cancel(unread.signal.reason)
    return body?.getReader()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        reader ??= await open()
        const chunk = await reader?.read()
        if (chunk?.value === undefined) controller.close()
        else controller.enqueue(chunk.value)
      },
      cancel: async (reason) => {
        unread.abort(reason)
        await reader?.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return Object.defineProperty(stream, factory, { value: make })
}

/** @throws TypeError when a factory made nothing, as one does that forgot to `return`: an empty request would look like success. */
export function madeBody(body: BodyValue | null | undefined): BodyValue {
  if (body === undefined || body === null) throw new TypeError('The function given to replayableBody made no body.')
  return body
}

/** The factory behind a body, when it has one. */
export function bodyFactoryOf(body: unknown): BodyFactory | undefined {
  return typeof body === 'object' && body !== null ? (body as { readonly [factory]?: BodyFactory })[factory] : undefined
}

import { freeBody, type OneShotBody } from './body-kinds.ts'

/** Reads a body once, up to a limit, to see whether it can be kept. */
export interface ReadAhead {
  /**
   * The whole body, when it has no more bytes than allowed; else a stream of everything, that part in front. A body that fails
   * becomes such a stream too, so that whoever sends it meets the failure as if nobody had read before.
   */
  readonly result: Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>>
  /** Gives up and tells the body so. */
  readonly cancel: (reason: unknown) => void
}

export function readAhead(body: OneShotBody, maxBytes: number): ReadAhead {
  const source = sourceOf(body)
  return { result: read(source, maxBytes), cancel: (reason) => void source.cancel(reason).catch(() => {}) }
}

async function read(source: Source, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const front: unknown[] = []
  const bytes: Uint8Array[] = []
  let size = 0
  while (size <= maxBytes) {
    try {
      const { done, value } = await source.read()
      if (done === true) return joined(bytes, size)
      front.push(value)
      // What is no bytes is not for us to refuse.
      if (!(value instanceof Uint8Array)) break
      bytes.push(value)
      size += value.byteLength
    } catch (error) {
      return continued(front, { read: () => Promise.reject(error), cancel: () => Promise.resolve() })
    }
  }
  return continued(front, source)
}

interface Source {
  read(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>
  cancel(reason: unknown): Promise<unknown>
}

function sourceOf(body: OneShotBody): Source {
  if (body instanceof ReadableStream) {
    const reader = body.getReader()
    return { read: () => reader.read(), cancel: (reason) => reader.cancel(reason) }
  }
  const iterator = body[Symbol.asyncIterator]()
  const cancel = (): Promise<unknown> => {
    // An iterator that waits for the next part would hear of it only then.
    freeBody(body)
    return iterator.return?.() ?? Promise.resolve()
  }
  return { read: () => iterator.next(), cancel }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

/** What was read, then what was not. It reads no further ahead by itself, and passes on what is no bytes. */
function continued(front: unknown[], source: Source): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (front.length > 0) {
          controller.enqueue(front.shift() as Uint8Array)
          return
        }
        const { done, value } = await source.read()
        if (done === true) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      cancel: async (reason) => {
        await source.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

import type { IncomingMessage } from 'node:http'

/**
 * The body of a request, chunk by chunk as it comes. Most bodies are one chunk: the iterator of Node's streams does several times
 * the work for it. Leaving early harms nobody: the socket stays, for the reply still has to go out.
 */
export function requestBytes(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return new RequestBody(request)
}

// A class: a literal with a computed name is put together by the engine's slow path, each time.
class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return new RequestBytes(this.#request)
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void
  readonly reject: (error: unknown) => void
}

class RequestBytes implements AsyncIterator<Uint8Array, undefined> {
  readonly #request: IncomingMessage
  readonly #chunks: Uint8Array[] = []
  #waiting: Waiting | undefined
  #hasEnded: boolean
  #failure: { readonly error: unknown } | undefined

  constructor(request: IncomingMessage) {
    this.#request = request
    this.#hasEnded = request.readableEnded && !isCutOff(request)
    // One of HTTP/2 that was cut off before anybody listened has ended without being destroyed, and says nothing more.
    const isOver = request.destroyed || request.readableEnded
    if (isOver && !this.#hasEnded) this.#failure = { error: request.errored ?? cutOff() }
    if (this.#hasEnded || this.#failure !== undefined) return
    request.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk })
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error)
    if (this.#hasEnded) return Promise.resolve(done)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#request.resume()
    })
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#stop()
    this.#hasEnded = true
    this.#chunks.length = 0
    return Promise.resolve(done)
  }

  readonly #onData = (chunk: Uint8Array): void => {
    const waiting = this.#takeWaiting()
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: chunk })
      return
    }
    this.#chunks.push(chunk)
    // Whoever reads slowly must not have the rest of the body heap up here.
    this.#request.pause()
  }

  readonly #onEnd = (): void => {
    if (isCutOff(this.#request)) {
      this.#onError(cutOff())
      return
    }
    this.#hasEnded = true
    this.#stop()
    this.#takeWaiting()?.resolve(done)
  }

  readonly #onError = (error: unknown): void => {
    this.#failure = { error }
    this.#stop()
    this.#takeWaiting()?.reject(error)
  }

  readonly #onClose = (): void => this.#onError(cutOff())

  #takeWaiting(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }

  #stop(): void {
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    // The listener for errors stays: one that comes late must not become an exception.
  }
}

const done: IteratorResult<Uint8Array, undefined> = Object.freeze({ done: true, value: undefined })

/** Whether an HTTP/2 sender took its stream back. A half body then ends like a whole one, and `complete` is true of it. */
function isCutOff({ stream }: IncomingMessage & { readonly stream?: { readonly aborted?: boolean } }): boolean {
  return stream?.aborted === true
}

function cutOff(): Error {
  return new Error('The request was closed before its body was complete.')
}

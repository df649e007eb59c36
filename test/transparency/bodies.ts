import { Readable } from 'node:stream'
import { observeFailure, observeResponse } from './observe.ts'
import { loose, type ProgramContext, type Programs } from './program.ts'

const bytes = new TextEncoder().encode('héllo, bytes')

const post =
  (body: () => unknown, init: object = {}) =>
  async ({ fetch, url }: ProgramContext) =>
    observeResponse(await fetch(`${url}/echo`, loose({ method: 'POST', body: body(), ...init })))

const half = { duplex: 'half' }

function form(): FormData {
  const data = new FormData()
  data.append('text', 'ä')
  data.append('file', new File(['content'], 'name"of file.txt', { type: 'text/x', lastModified: 0 }))
  data.append('blob', new Blob(['blob']))
  return data
}

function streamOf(...chunks: readonly Uint8Array[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

interface ChangingBody {
  readonly body: NonNullable<RequestInit['body']>
  readonly change: () => void
}

const changing: Readonly<Record<string, () => ChangingBody>> = {
  'a form of pairs': () => {
    const body = new URLSearchParams('a=1')
    return { body, change: () => body.append('late', 'x') }
  },
  'a form': () => {
    const body = new FormData()
    return { body, change: () => body.append('late', 'x') }
  },
  'a view': () => {
    const body = new Uint8Array([65, 66])
    return { body, change: () => body.fill(67) }
  },
  'a buffer': () => {
    const body = new Uint8Array([65, 66]).buffer
    return { body, change: () => void structuredClone(body, { transfer: [body] }) }
  },
}

/** Bodies of every kind. */
export const bodies: Programs = {
  text: post(() => 'héllo'),
  'an empty text': post(() => ''),
  'no body': post(() => undefined),
  null: post(() => null),
  'a number': post(() => 5),
  'an object': post(() => ({ toString: () => 'own text' })),
  'a form of pairs': post(
    () =>
      new URLSearchParams([
        ['a', 'ä'],
        ['a', '&'],
      ]),
  ),
  'a form': post(form),
  'an empty form': post(() => new FormData()),
  'a Blob': post(() => new Blob(['a', bytes], { type: 'text/x-own' })),
  'a Blob without a type': post(() => new Blob([bytes])),
  'a slice of a Blob': post(() => new Blob([bytes]).slice(2, 6, 'application/y')),
  'a File': post(() => new File([bytes], 'name', { type: 'image/x' })),
  'an ArrayBuffer': post(() => bytes.slice().buffer),
  'a SharedArrayBuffer': async ({ fetch, url }) =>
    observeFailure(() => fetch(`${url}/echo`, loose({ method: 'POST', body: new SharedArrayBuffer(3) }))),
  'a view of a part': post(() => bytes.subarray(3, 7)),
  'a DataView': post(() => new DataView(bytes.slice().buffer, 1, 4)),
  'a Buffer': post(() => Buffer.from('buffer')),
  'another type than the body says': post(() => '{}', { headers: { 'Content-Type': 'application/json' } }),
  'a length of the caller': post(() => 'abc', { headers: { 'content-length': '3' } }),
  'a stream': post(() => streamOf(bytes, bytes), half),
  'an empty stream': post(() => streamOf(), half),
  'a stream of bytes': post(
    () =>
      new ReadableStream({
        type: 'bytes',
        pull(controller) {
          controller.enqueue(new Uint8Array([65, 66]))
          controller.close()
        },
      }),
    half,
  ),
  'a stream of a Blob': post(() => new Blob(['blob stream']).stream(), half),
  'a stream through a compressor': post(
    () => streamOf(bytes).pipeThrough(new CompressionStream('gzip') as ReadableWritablePair),
    { ...half, headers: { 'content-encoding': 'gzip' } },
  ),
  'an async iterable': post(async function* () {
    yield bytes
    yield bytes
  }, half),
  'a stream of Node': post(() => Readable.from([Buffer.from('node'), Buffer.from('stream')]), half),
  'a stream with PUT': post(() => streamOf(bytes), { ...half, method: 'PUT' }),
  'a body with DELETE': post(() => 'delete me', { method: 'DELETE' }),
  'a large text': post(() => 'x'.repeat(3_000_000)),
  'a large stream that is pulled': async ({ fetch, url }) => {
    let pulls = 0
    const body = new ReadableStream(
      {
        pull(controller) {
          pulls++
          controller.enqueue(new Uint8Array(65_536).fill(pulls))
          if (pulls === 100) controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const seen = await observeResponse(await fetch(`${url}/echo`, loose({ method: 'POST', body, ...half })))
    return [seen, pulls]
  },
  'a stream that nobody reads is not pulled empty': async ({ fetch, url, server }) => {
    const controller = new AbortController()
    let pulls = 0
    let wasCanceledWith: unknown
    const body = new ReadableStream({
      async pull(stream) {
        pulls++
        stream.enqueue(new Uint8Array(1_048_576))
        await new Promise((resolve) => setImmediate(resolve))
        if (pulls === 100) stream.close()
      },
      cancel(reason) {
        wasCanceledWith = reason
      },
    })
    const reason = new Error('enough')
    const init = loose({ method: 'POST', body, signal: controller.signal, ...half })
    const failure = observeFailure(() => fetch(`${url}/unread`, init))
    await until(() => server.arrivals.length > 0)
    await settled(() => pulls)
    controller.abort(reason)
    return [await failure, wasCanceledWith === reason, pulls < 100]
  },
  'a stream that fails': async ({ fetch, url }) => {
    const reason = new RangeError('my source broke')
    let pulls = 0
    const body = new ReadableStream({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(bytes)
        else controller.error(reason)
      },
    })
    return observeFailure(() => fetch(`${url}/echo`, loose({ method: 'POST', body, ...half })))
  },
  'a stream of what is no bytes': async ({ fetch, url }) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue('text')
        controller.close()
      },
    })
    return observeFailure(() => fetch(`${url}/echo`, loose({ method: 'POST', body, ...half })))
  },
  'a stream is locked by the call': async ({ fetch, url }) => {
    const body = streamOf(bytes)
    const call = fetch(`${url}/echo`, loose({ method: 'POST', body, ...half }))
    const wasLocked = body.locked
    return [wasLocked, await observeResponse(await call), body.locked]
  },
  'the body of a Request is used by the call': async ({ fetch, url }) => {
    const request = new Request(`${url}/echo`, { method: 'POST', body: 'x' })
    const call = fetch(request)
    const wasUsed = request.bodyUsed
    return [wasUsed, await observeResponse(await call)]
  },
  'the body of an answer as the body of a call': async ({ fetch, url }) => {
    const source = await fetch(`${url}/chunks`)
    return observeResponse(await fetch(`${url}/echo`, loose({ method: 'POST', body: source.body, ...half })))
  },
  ...Object.fromEntries(
    Object.entries(changing).map(([name, make]) => [
      `${name} that changes right after the call`,
      async ({ fetch, url }: ProgramContext) => {
        const { body, change } = make()
        const call = fetch(`${url}/echo`, { method: 'POST', body })
        change()
        return observeResponse(await call)
      },
    ]),
  ),
  'an async iterable that throws what is no error': async ({ fetch, url }) =>
    observeFailure(() => {
      const body = (async function* () {
        yield bytes
        // oxlint-disable-next-line typescript/only-throw-error -- this is what it is about
        throw 'why'
      })()
      return fetch(`${url}/echo`, loose({ method: 'POST', body, ...half }))
    }),
  'an echo that streams both ways': async ({ fetch, url }) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const call = fetch(`${url}/echo`, loose({ method: 'POST', body: readable, ...half }))
    for (const word of ['one ', 'two ', 'three']) await writer.write(new TextEncoder().encode(word))
    await writer.close()
    return observeResponse(await call)
  },
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits until a number stays the same for some turns of the event loop, as a stream's under backpressure does. */
async function settled(read: () => number): Promise<void> {
  for (let last = -1, still = 0; still < 50; still++) {
    if (read() !== last) still = 0
    last = read()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

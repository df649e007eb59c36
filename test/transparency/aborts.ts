import { observeFailure, observeResponse, showError } from './observe.ts'
import type { RecordingServer } from './recording-server.ts'
import { loose, type ProgramContext, type Programs } from './program.ts'

const reasons: Readonly<Record<string, readonly unknown[]>> = {
  'no reason': [],
  undefined: [undefined],
  null: [null],
  'a text': ['why'],
  zero: [0],
  'a symbol': [Symbol.for('why')],
  'an object': [{ why: 'own' }],
  'an error': [new RangeError('mine')],
  'a DOMException': [new DOMException('mine', 'DataError')],
}

/** Whether what the call rejects with is the very reason of the signal. */
async function isReason(call: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return Object.is(error, signal.reason) ? ['the reason', showError(error)] : ['something else', showError(error)]
  }
  return 'fulfilled'
}

const forEachReason = (
  when: string,
  run: (context: ProgramContext, args: readonly unknown[]) => Promise<unknown>,
): Programs =>
  Object.fromEntries(
    Object.entries(reasons).map(([name, args]) => [`${when}, with ${name}`, (context) => run(context, args)]),
  )

/** A call that is given up at every moment that there is. */
export const aborts: Programs = {
  ...forEachReason('before the call', ({ fetch, url }, args) => {
    const signal = AbortSignal.abort(...args)
    return isReason(fetch(`${url}/echo`, { signal }), signal)
  }),
  ...forEachReason('before the answer', async ({ fetch, url, server }, args) => {
    const controller = new AbortController()
    const call = isReason(fetch(`${url}/hang`, { signal: controller.signal }), controller.signal)
    await arrivals(server, 1, call)
    controller.abort(...args)
    return [await call, await server.left.then(() => 'the server noticed')]
  }),
  ...forEachReason('while the body comes', async ({ fetch, url, server }, args) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/stall`, { signal: controller.signal })
    const reader = response.body!.getReader()
    const first = await reader.read()
    const second = isReason(reader.read(), controller.signal)
    controller.abort(...args)
    return [first.done, await second, await server.left.then(() => 'the server noticed')]
  }),
  ...forEachReason('while the text is read', async ({ fetch, url }, args) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/stall`, { signal: controller.signal })
    const text = isReason(response.text(), controller.signal)
    controller.abort(...args)
    return [await text, response.bodyUsed]
  }),
  'right after the call': ({ fetch, url }) => {
    const controller = new AbortController()
    const call = isReason(fetch(`${url}/echo`, { signal: controller.signal }), controller.signal)
    controller.abort()
    return call
  },
  'a microtask after the call': async ({ fetch, url }) => {
    const controller = new AbortController()
    const call = isReason(fetch(`${url}/echo`, { signal: controller.signal }), controller.signal)
    await Promise.resolve()
    controller.abort('soon')
    return call
  },
  'after the headers, before the body is read': async ({ fetch, url }) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/stall`, { signal: controller.signal })
    controller.abort(new RangeError('mine'))
    return [await isReason(response.text(), controller.signal), response.bodyUsed]
  },
  'after the body was read': async ({ fetch, url }) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/echo`, { signal: controller.signal })
    const seen = await observeResponse(response)
    controller.abort()
    return [seen, await observeFailure(() => response.text())]
  },
  'after the body was cancelled': async ({ fetch, url }) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/stall`, { signal: controller.signal })
    await response.body!.cancel('enough')
    controller.abort()
    return [response.bodyUsed, await observeFailure(() => response.text())]
  },
  'after a clone was made': async ({ fetch, url }) => {
    const controller = new AbortController()
    const response = await fetch(`${url}/stall`, { signal: controller.signal })
    const clone = response.clone()
    const texts = [isReason(response.text(), controller.signal), isReason(clone.text(), controller.signal)]
    controller.abort('both')
    return Promise.all(texts)
  },
  'several calls by one signal': async ({ fetch, url, server }) => {
    const { signal, abort } = bound(new AbortController())
    const calls = Array.from({ length: 5 }, () => isReason(fetch(`${url}/hang`, { signal }), signal))
    await arrivals(server, 5, Promise.race(calls))
    abort(new RangeError('all'))
    return Promise.all(calls)
  },
  'by the signal of a Request': async ({ fetch, url, server }) => {
    const controller = new AbortController()
    const request = new Request(`${url}/hang`, { signal: controller.signal })
    const call = isReason(fetch(request), controller.signal)
    await arrivals(server, 1, call)
    controller.abort('by request')
    return [await call, request.signal.aborted, request.signal.reason]
  },
  'by the signal of a Request that aborted before': ({ fetch, url }) => {
    const signal = AbortSignal.abort('before')
    return isReason(fetch(new Request(`${url}/echo`, { signal })), signal)
  },
  'by the signal of an init, not by that of the Request': async ({ fetch, url, server }) => {
    const own = new AbortController()
    const other = new AbortController()
    const call = isReason(
      fetch(new Request(`${url}/hang`, { signal: other.signal }), { signal: own.signal }),
      own.signal,
    )
    await arrivals(server, 1, call)
    other.abort('other')
    await turn()
    own.abort('own')
    return call
  },
  'by AbortSignal.timeout': ({ fetch, url }) => {
    const signal = AbortSignal.timeout(20)
    return isReason(fetch(`${url}/raced`, { signal }), signal)
  },
  'by AbortSignal.timeout while the body comes': async ({ fetch, url }) => {
    const signal = AbortSignal.timeout(500)
    const response = await fetch(`${url}/stall`, { signal })
    return isReason(response.text(), signal)
  },
  'by AbortSignal.any': async ({ fetch, url, server }) => {
    const controller = new AbortController()
    const signal = AbortSignal.any([controller.signal, new AbortController().signal])
    const call = isReason(fetch(`${url}/hang`, { signal }), signal)
    await arrivals(server, 1, call)
    controller.abort('any')
    return [await call, signal.reason]
  },
  'by AbortSignal.any of nothing': async ({ fetch, url }) =>
    observeResponse(await fetch(`${url}/echo`, { signal: AbortSignal.any([]) })),
  'by a listener of the same signal that was added before': async ({ fetch, url }) => {
    const outer = new AbortController()
    const inner = new AbortController()
    outer.signal.addEventListener('abort', () => inner.abort('inner'))
    const call = isReason(fetch(`${url}/hang`, { signal: inner.signal }), inner.signal)
    outer.abort()
    return call
  },
  'by a signal of a subclass of AbortController': async ({ fetch, url, server }) => {
    class Own extends AbortController {}
    const controller = new Own()
    const call = isReason(fetch(`${url}/hang`, { signal: controller.signal }), controller.signal)
    await arrivals(server, 1, call)
    controller.abort()
    return call
  },
  'before the call, with a stream as the body': async ({ fetch, url }) => {
    const reason = new RangeError('before')
    let wasCanceledWith: unknown
    const body = new ReadableStream({ cancel: (why) => void (wasCanceledWith = why) })
    const signal = AbortSignal.abort(reason)
    const seen = await isReason(fetch(`${url}/echo`, loose({ method: 'POST', body, duplex: 'half', signal })), signal)
    return [seen, wasCanceledWith === reason, body.locked]
  },
  'before the call, with the body of a Request': async ({ fetch, url }) => {
    const request = new Request(`${url}/echo`, { method: 'POST', body: 'x' })
    const signal = AbortSignal.abort('before')
    const seen = await isReason(fetch(request, { signal }), signal)
    return [seen, request.bodyUsed]
  },
  'while a stream is sent': async ({ fetch, url, server }) => {
    const controller = new AbortController()
    let wasCanceledWith: unknown
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(new Uint8Array(10)),
      cancel: (why) => void (wasCanceledWith = why),
    })
    const init = loose({ method: 'POST', body, duplex: 'half', signal: controller.signal })
    const call = isReason(fetch(`${url}/echo`, init), controller.signal)
    await arrivals(server, 1, call)
    controller.abort('midway')
    return [await call, await server.left.then(() => 'the server noticed'), wasCanceledWith, body.locked]
  },
  'in the middle of a redirect': async ({ fetch, url, server }) => {
    const controller = new AbortController()
    const call = isReason(fetch(`${url}/redirect/302?to=/hang`, { signal: controller.signal }), controller.signal)
    await arrivals(server, 2, call)
    controller.abort('midway')
    return call
  },
  'a signal that did not abort stays as it was': async ({ fetch, url }) => {
    const { signal } = new AbortController()
    await observeResponse(await fetch(`${url}/echo`, { signal }))
    return [signal.aborted, signal.reason, signal.onabort]
  },
}

function bound(controller: AbortController) {
  return { signal: controller.signal, abort: (reason: unknown) => controller.abort(reason) }
}

/** Waits until so many requests have arrived, or the call is over without. */
async function arrivals(server: RecordingServer, count: number, call: Promise<unknown>): Promise<void> {
  let isOver = false
  void call.finally(() => (isOver = true))
  while (server.arrivals.length < count && !isOver) await turn()
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

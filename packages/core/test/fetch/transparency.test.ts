import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../src/index.ts'

const bytes = new TextEncoder().encode('héllo')

const bodyWithoutMethod: RequestInit = { body: 'x' }

/** Calls that every fetch answers in the same way, as seen by the caller. */
const cases: Readonly<Record<string, (fetch: typeof globalThis.fetch, url: string) => Promise<unknown>>> = {
  'a GET': async (fetch, url) => facts(await fetch(`${url}echo`)),
  'a URL object': async (fetch, url) => facts(await fetch(new URL('echo?q=1', url))),
  'a Request': async (fetch, url) => facts(await fetch(new Request(`${url}echo`, { headers: { a: 'b' } }))),
  'a Request with a body': async (fetch, url) =>
    facts(await fetch(new Request(`${url}echo`, { method: 'POST', body: 'x' }))),
  'a Request and an init that overrides it': async (fetch, url) =>
    facts(await fetch(new Request(`${url}echo`, { headers: { a: 'b' } }), { method: 'PUT', headers: { c: 'd' } })),
  'an init that is itself a Request': async (fetch, url) =>
    facts(await fetch(`${url}echo`, new Request(url, { method: 'DELETE', headers: { a: 'b' } }))),
  'an init with a prototype': async (fetch, url) =>
    facts(await fetch(`${url}echo`, Object.create({ method: 'PATCH', body: 'x' }) as RequestInit)),
  'an undefined init': async (fetch, url) => facts(await fetch(`${url}echo`, undefined)),
  'a lower-case method': async (fetch, url) => facts(await fetch(`${url}echo`, { method: 'put', body: 'x' })),
  'a method of its own': async (fetch, url) => facts(await fetch(`${url}echo`, { method: 'PROPFIND' })),
  'a HEAD': async (fetch, url) => facts(await fetch(`${url}echo`, { method: 'HEAD' })),
  'a text body': async (fetch, url) => facts(await fetch(`${url}echo`, { method: 'POST', body: 'héllo' })),
  'a form': async (fetch, url) =>
    facts(await fetch(`${url}echo`, { method: 'POST', body: new URLSearchParams({ a: 'ä' }) })),
  bytes: async (fetch, url) => facts(await fetch(`${url}echo`, { method: 'POST', body: bytes })),
  'a Blob with a type': async (fetch, url) =>
    facts(await fetch(`${url}echo`, { method: 'POST', body: new Blob(['x'], { type: 'text/x-y' }) })),
  'a stream': async (fetch, url) =>
    facts(
      await fetch(`${url}echo`, {
        method: 'POST',
        body: new Blob(['str', 'eam']).stream(),
        duplex: 'half',
      } as RequestInit),
    ),
  'headers as pairs': async (fetch, url) =>
    facts(
      await fetch(`${url}echo`, {
        headers: [
          ['x-a', '1'],
          ['x-a', '2'],
        ],
      }),
    ),
  'a redirect that is followed': async (fetch, url) => facts(await fetch(`${url}redirect`)),
  'a redirect that is not followed': async (fetch, url) => facts(await fetch(`${url}redirect`, { redirect: 'manual' })),
  'a redirect that is an error': (fetch, url) => failure(fetch(`${url}redirect`, { redirect: 'error' })),
  'an empty answer': async (fetch, url) => facts(await fetch(`${url}status/204`)),
  'a client error': async (fetch, url) => facts(await fetch(`${url}status/404`)),
  'a streamed answer': async (fetch, url) => {
    const response = await fetch(`${url}stream`)
    const chunks: string[] = []
    for await (const chunk of response.body ?? []) chunks.push(new TextDecoder().decode(chunk))
    return chunks.join('')
  },
  'a clone': async (fetch, url) => {
    const response = await fetch(`${url}echo`)
    const clone = response.clone()
    return [await response.text(), await clone.text(), response.bodyUsed].map(String)
  },
  'a body that is read twice': async (fetch, url) => {
    const response = await fetch(`${url}echo`)
    await response.text()
    return failure(response.text())
  },
  'a signal that aborted before': (fetch, url) =>
    failure(fetch(`${url}echo`, { signal: AbortSignal.abort(new RangeError('mine')) })),
  'a signal that aborts without a reason': (fetch, url) => {
    const controller = new AbortController()
    const call = failure(fetch(`${url}hang`, { signal: controller.signal }))
    setTimeout(() => controller.abort(), 20)
    return call
  },
  'a signal that aborts with a word': (fetch, url) => {
    const controller = new AbortController()
    const call = failure(fetch(`${url}hang`, { signal: controller.signal }))
    setTimeout(() => controller.abort('word'), 20)
    return call
  },
  'a signal that aborts the body': async (fetch, url) => {
    const controller = new AbortController()
    const response = await fetch(`${url}stall`, { signal: controller.signal })
    const text = failure(response.text())
    controller.abort(new RangeError('mine'))
    return text
  },
  'a signal of AbortSignal.timeout': (fetch, url) => failure(fetch(`${url}hang`, { signal: AbortSignal.timeout(20) })),
  'a wrong URL': (fetch) => failure(fetch('not a url')),
  'a GET with a body': (fetch, url) => failure(fetch(url, bodyWithoutMethod)),
  'a header that is not allowed': (fetch, url) => failure(fetch(url, { headers: { 'bad header': 'x' } })),
}

describe('createFetch: what the caller sees is what fetch shows', () => {
  let server: Server
  let url: string

  beforeAll(async () => {
    server = createServer(respond).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it.each(Object.entries(cases))('with %s', async (_, run) => {
    const expected = await run(globalThis.fetch, url)
    expect(await run(createFetch({ bulkhead: {} }), url)).toEqual(expected)
  })
})

async function facts(response: Response): Promise<unknown> {
  const { status, statusText, ok, type, redirected, url } = response
  const headers = [...response.headers].filter(([name]) => name !== 'date')
  const echo = (await response.text()).replace(/boundary=\S+/, '')
  return { status, statusText, ok, type, redirected, url, headers, echo }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    if (!(error instanceof Error)) return error
    return { type: Object.getPrototypeOf(error) as unknown, name: error.name, message: error.message }
  }
  throw new Error('The promise was fulfilled.')
}

function respond(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/hang') return
  if (pathname === '/redirect') {
    response.writeHead(302, { location: '/echo' }).end()
    return
  }
  if (pathname === '/stall') {
    response.write('begin')
    return
  }
  if (pathname === '/stream') {
    response.write('one,')
    setImmediate(() => response.end('two'))
    return
  }
  const status = /^\/status\/(\d+)$/.exec(pathname)?.[1]
  if (status !== undefined) {
    response.writeHead(Number(status)).end()
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { host: _host, ...headers } = request.headers
    const body = Buffer.concat(chunks).toString('latin1')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, headers, body }))
  })
}

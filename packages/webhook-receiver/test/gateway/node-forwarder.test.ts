import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ForwardedRequest, Forwarder } from '../../src/gateway/forwarder.ts'
import { nodeForwarder } from '../../src/gateway/node-forwarder.ts'
import { textOf } from './gateway-fixture.ts'

describe('nodeForwarder', () => {
  it('sends headers as they came and the body byte for byte, and puts the path of the target before', async () => {
    const seen: { rawHeaders: readonly string[]; url: string | undefined; body: Buffer }[] = []
    const { forwarder } = await target(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      seen.push({ rawHeaders: request.rawHeaders, url: request.url, body: Buffer.concat(chunks) })
      response.end()
    }, '/base/')
    const body = Uint8Array.from([0, 255, 13, 10, 128])
    await forward(forwarder, {
      method: 'POST',
      url: '/Hooks/%2Fx?b=%20&a',
      headers: [
        ['Host', 'public.example'],
        ['X-Signature', 'one'],
        ['x-signature', 'two'],
        ['Content-Type', 'application/octet-stream'],
        ['Content-Length', '5'],
        ['Connection', 'close'],
      ],
      body,
    })
    expect(seen[0]?.url).toBe('/base/Hooks/%2Fx?b=%20&a')
    expect(seen[0]?.body).toEqual(Buffer.from(body))
    expect(seen[0]?.rawHeaders.slice(0, 8)).toEqual([
      'Host',
      'public.example',
      'X-Signature',
      'one',
      'x-signature',
      'two',
      'Content-Type',
      'application/octet-stream',
    ])
  })

  it('hands back headers with their case, order and repeats, and a compressed body as it came', async () => {
    const compressed = gzipSync('payload')
    const { forwarder } = await target((_, response) => {
      response.writeHead(207, [
        'X-B',
        '1',
        'X-a',
        '2',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Content-Encoding',
        'gzip',
      ])
      response.end(compressed)
    })
    const reply = await forwarder.forward(post('x'), new AbortController().signal)
    expect(reply.status).toBe(207)
    expect(reply.headers.slice(0, 5)).toEqual([
      ['X-B', '1'],
      ['X-a', '2'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Content-Encoding', 'gzip'],
    ])
    const chunks: Uint8Array[] = []
    for await (const chunk of reply.body ?? []) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(compressed)
  })

  it('hands back an answer before its body is complete', async () => {
    let finish = (): void => {}
    const { forwarder } = await target((_, response) => {
      response.write('first')
      finish = () => response.end('last')
    })
    const reply = await forwarder.forward(post('x'), new AbortController().signal)
    const chunks = reply.body?.[Symbol.asyncIterator]()
    expect(String((await chunks?.next())?.value)).toBe('first')
    finish()
    expect(String((await chunks?.next())?.value)).toBe('last')
  })

  it('passes OPTIONS * on as it is, whatever the path of the target', async () => {
    const urls: unknown[] = []
    const { forwarder } = await target((request, response) => {
      urls.push(request.url)
      response.end()
    }, '/base')
    for (const url of ['*', 'http://edge', '/'])
      await forward(forwarder, { method: 'OPTIONS', url, headers: [], body: Buffer.from('') })
    expect(urls).toEqual(['*', '*', '/base/'])
  })

  it.each([204, 304])('has no body for a %d', async (status) => {
    const { forwarder } = await target((_, response) => void response.writeHead(status).end())
    expect(await forwarder.forward(post('x'), new AbortController().signal)).toMatchObject({ status, body: null })
  })

  it('frees the connection of an answer that is left while the target is silent', async () => {
    let closed: Promise<unknown> | undefined
    const { forwarder } = await target((_, response) => {
      closed = once(response, 'close')
      response.write('first')
    })
    const reply = await forwarder.forward(post('x'), new AbortController().signal)
    const chunks = reply.body?.[Symbol.asyncIterator]()
    await chunks?.next()
    const silent = chunks?.next().then(
      () => 'over',
      () => 'broken off',
    )
    await chunks?.return?.()
    await closed
    expect(await silent).toBe('broken off')
  })

  it.each([
    [99, 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n'],
    [101, 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'],
  ])('takes the status %d, which no answer may have, for a failure', async (status, answer) => {
    const { forwarder } = await target((request) => void request.socket.end(answer))
    await expect(forward(forwarder, post('x'))).rejects.toThrow(
      `The target answered with ${status}, which is no status`,
    )
  })

  it('takes redirects for answers', async () => {
    const { forwarder } = await target((_, response) => void response.writeHead(302, { location: '/other' }).end())
    expect((await forward(forwarder, post('x'))).status).toBe(302)
  })

  it('uses connections again, also after answers that nobody read', async () => {
    const { forwarder, server } = await target((_, response) => void response.end('unread'))
    let connections = 0
    server.on('connection', () => connections++)
    for (let turn = 0; turn < 3; turn++) {
      const answered = nextAnswer()
      const reply = await forwarder.forward(post('x'), new AbortController().signal)
      const ended = once(await answered, 'end')
      reply.discard()
      await ended
      await new Promise(setImmediate)
    }
    expect(connections).toBe(1)
  })

  it('sends once more when an idle connection was closed at that moment, and not when a fresh one breaks', async () => {
    let requests = 0
    const { forwarder } = await target((request, response) => {
      requests++
      // The second request finds its connection dead, as one does whose keep-alive time is over.
      if (requests === 2) request.socket.resetAndDestroy()
      else response.end('fine')
    })
    await forward(forwarder, post('1'))
    await new Promise(setImmediate)
    expect((await forward(forwarder, post('2'))).text).toBe('fine')
    expect(requests).toBe(3)
    const broken = await target((request) => void request.socket.resetAndDestroy())
    await expect(forward(broken.forwarder, post('1'))).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('tells a target the name by which it is called, and none where that is an address', async () => {
    for (const [name, isTold] of [
      ['localhost', true],
      ['127.0.0.1', false],
    ] as const) {
      const server = createTcpServer()
      server.listen(0, name)
      await once(server, 'listening')
      const greeted = once(server, 'connection').then(async ([socket]: Socket[]) => {
        const [hello] = (await once(socket!, 'data')) as [Buffer]
        socket!.destroy()
        return hello
      })
      const forwarder = nodeForwarder(new URL(`https://${name}:${(server.address() as AddressInfo).port}`))
      const request = { ...post('x'), headers: [['host', 'public.example']] as const }
      await expect(forwarder?.forward(request, new AbortController().signal)).rejects.toThrow()
      const hello = await greeted
      expect([name, hello.includes(name), hello.includes('public.example')]).toEqual([name, isTold, false])
      forwarder?.close()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('rejects when nobody listens, and when it is aborted', async () => {
    const { forwarder, server } = await target(() => {})
    const aborting = new AbortController()
    const waiting = forwarder.forward(post('x'), aborting.signal)
    aborting.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(forward(forwarder, post('x'))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

/** The next answer that `node:http` hands to anybody. */
function nextAnswer(): Promise<IncomingMessage> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      unsubscribe('http.client.response.finish', hear)
      resolve((message as { readonly response: IncomingMessage }).response)
    }
    subscribe('http.client.response.finish', hear)
  })
}

function post(body: string): ForwardedRequest {
  return { method: 'POST', url: '/', headers: [], body: Buffer.from(body) }
}

async function forward(forwarder: Forwarder, request: ForwardedRequest): Promise<{ status: number; text: string }> {
  const reply = await forwarder.forward(request, new AbortController().signal)
  return { status: reply.status, text: await textOf(reply.body) }
}

async function target(
  listener: RequestListener,
  path = '',
): Promise<{ readonly forwarder: Forwarder; readonly server: Server }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const forwarder = nodeForwarder(new URL(`http://127.0.0.1:${port}${path}`))
  if (forwarder === undefined) throw new Error('node:http is missing')
  onTestFinished(() => {
    forwarder.close()
    server.closeAllConnections()
    server.close()
  })
  return { forwarder, server }
}

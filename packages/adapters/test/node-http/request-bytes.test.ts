import { createServer as createHttp2Server } from 'node:http2'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { requestBytes } from '../../src/node-http/request-bytes.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** A connection to a server with this listener. */
async function connectTo(listener: Listener): Promise<Socket> {
  const server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  onTestFinished(() => {
    socket.destroy()
    server.close()
  })
  return socket
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of requestBytes(request)) text += Buffer.from(chunk).toString('latin1')
  return text
}

async function answerOf(socket: Socket, length: number): Promise<string> {
  let answer = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    answer += String(chunk)
    if (answer.endsWith('\r\n\r\n') || answer.slice(answer.indexOf('\r\n\r\n') + 4).length >= length) break
  }
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

const head = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, ...payload: readonly Buffer[]): Buffer {
  const { length } = Buffer.concat(payload)
  return Buffer.concat([Buffer.from([0, 0, length, type, flags, 0, 0, 0, stream]), ...payload])
}

/** A header as HPACK has it without a table. */
function header(name: string, value: string): Buffer {
  return Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`)
}

describe('requestBytes', () => {
  test.each(['', 'a', 'a'.repeat(100_000)])(
    'has all bytes in order, several requests on one connection',
    async (body) => {
      const socket = await connectTo(async (request, response) => {
        response.end(String((await textOf(request)).length))
      })
      for (let round = 0; round < 3; round++) {
        socket.write(head(body.length) + body)
        expect(await answerOf(socket, String(body.length).length)).toContain(String(body.length))
      }
    },
  )

  test('has chunks that come one after the other', async () => {
    const chunks: string[] = []
    const socket = await connectTo(async (request, response) => {
      for await (const chunk of requestBytes(request)) {
        chunks.push(Buffer.from(chunk).toString())
        if (chunks.length === 1) socket.write('second')
      }
      response.end('x')
    })
    socket.write(`${head(11)}first`)
    await answerOf(socket, 1)
    expect(chunks).toEqual(['first', 'second'])
  })

  test('lets what is not read yet wait', async () => {
    let startReading = (): void => {}
    const read = new Promise<void>((resolve) => {
      startReading = resolve
    })
    let received: IncomingMessage | undefined
    const body = 'a'.repeat(8_000_000)
    const socket = await connectTo(async (request, response) => {
      received = request
      const iterator = requestBytes(request)[Symbol.asyncIterator]()
      let length = (await iterator.next()).value?.length ?? 0
      await read
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        length += next.value.length
      response.end(String(length))
    })
    socket.write(head(body.length) + body)
    await expect.poll(() => received?.isPaused()).toBe(true)
    expect(received?.readableEnded).toBe(false)
    startReading()
    expect(await answerOf(socket, 7)).toContain('8000000')
  })

  test('fails when the sender goes away, also before anybody reads', async () => {
    for (const early of [true, false]) {
      let settle = (_outcome: unknown): void => {}
      const outcome = new Promise<unknown>((resolve) => {
        settle = resolve
      })
      const socket = await connectTo(async (request) => {
        if (early) await new Promise<void>((resolve) => request.once('close', () => resolve()))
        settle(await textOf(request).catch((error: unknown) => error))
      })
      socket.on('error', () => {})
      socket.write(`${head(100)}part`, () => socket.destroy())
      expect(await outcome).toBeInstanceOf(Error)
    }
  })

  /** Sends half a body over HTTP/2, by hand: Node's own client ends a stream before it takes it back. */
  async function halfOverHttp2(read: (request: IncomingMessage) => void): Promise<(code: number) => void> {
    const server = createHttp2Server((request) => read(request as unknown as IncomingMessage))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
      server.close()
    })
    const post = [header(':method', 'POST'), header(':path', '/'), header(':scheme', 'http'), header(':authority', 'a')]
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.concat([frame(4, 0, 0), frame(1, 4, 1, ...post), frame(0, 0, 1, Buffer.from('part'))]))
    await once(server, 'request')
    return (code) => socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, code])))
  }

  test.each([0, 2, 8])('fails when an HTTP/2 sender takes its stream back with code %i', async (code) => {
    let outcome: Promise<unknown> | undefined
    const takeBack = await halfOverHttp2((request) => {
      outcome = textOf(request).catch((error: unknown) => error)
    })
    takeBack(code)
    expect(await outcome).toBeInstanceOf(Error)
  })

  test('fails when an HTTP/2 sender took its stream back before anybody read', async () => {
    let outcome: Promise<unknown> | undefined
    const takeBack = await halfOverHttp2((request) => {
      outcome = once(request, 'close')
        .then(() => nextTurn())
        .then(() => textOf(request))
        .catch((error: unknown) => error)
    })
    takeBack(0)
    expect(await outcome).toBeInstanceOf(Error)
  })

  test('can be left early without harm to the connection', async () => {
    const socket = await connectTo(async (request, response) => {
      for await (const _chunk of requestBytes(request)) break
      response.end('x')
      request.resume()
    })
    for (let round = 0; round < 2; round++) {
      socket.write(head(200_000) + 'a'.repeat(200_000))
      expect(await answerOf(socket, 1)).toContain('x')
    }
  })

  test('leaves no listener behind but one for late errors', async () => {
    const counts: (readonly number[])[] = []
    const names = ['data', 'end', 'close', 'error'] as const
    const socket = await connectTo(async (request, response) => {
      const before = names.map((name) => request.listenerCount(name))
      await textOf(request)
      counts.push(names.map((name, index) => request.listenerCount(name) - (before[index] ?? 0)))
      response.end('x')
    })
    socket.write(`${head(1)}a`)
    await answerOf(socket, 1)
    expect(counts).toEqual([[0, 0, 0, 1]])
  })
})

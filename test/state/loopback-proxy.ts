import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server of this machine that can be cut, slowed down and led elsewhere. */
export interface LoopbackProxy {
  readonly port: number
  /** Where new connections lead. */
  target: number
  /** How long each piece takes in each direction, in ms. */
  latencyMs: number
  /** Cuts every connection at once. */
  cut(): void
  /** Cuts all connections when so many more bytes have gone in a direction. Resolves then. */
  cutAfter(direction: 'there' | 'back', bytes: number): Promise<void>
  close(): Promise<void>
}

export async function startProxy(target: number): Promise<LoopbackProxy> {
  const sockets = new Set<Socket>()
  let fuse: { readonly direction: 'there' | 'back'; left: number; readonly burn: () => void } | undefined

  const lead = (from: Socket, to: Socket, direction: 'there' | 'back'): void => {
    const pass = (chunk: Buffer): void => {
      if (fuse?.direction !== direction) {
        to.write(chunk)
        return
      }
      const part = chunk.subarray(0, fuse.left)
      fuse.left -= part.length
      if (fuse.left > 0 || part.length === chunk.length) {
        to.write(part)
        if (fuse.left > 0) return
      }
      const { burn } = fuse
      fuse = undefined
      // What was let through arrives before the end does.
      to.write(part.length === chunk.length ? Buffer.alloc(0) : part, () => {
        proxy.cut()
        burn()
      })
    }
    from.on('data', (chunk: Buffer) => {
      if (proxy.latencyMs === 0) pass(chunk)
      else setTimeout(() => pass(chunk), proxy.latencyMs)
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }

  const server = createServer((client) => {
    const upstream = connect(proxy.target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    lead(client, upstream, 'there')
    lead(upstream, client, 'back')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const proxy: LoopbackProxy = {
    port: (server.address() as AddressInfo).port,
    target,
    latencyMs: 0,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    cutAfter: (direction, bytes) =>
      new Promise((resolve) => {
        fuse = { direction, left: bytes, burn: resolve }
      }),
    async close() {
      proxy.cut()
      server.close()
    },
  }
  return proxy
}

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** An address that leads to one region at a time, as a name in the DNS or a load balancer does. */
export interface RegionSwitch extends AsyncDisposable {
  readonly port: number
  /** Cuts every connection; new ones lead to this port, or are refused when there is none. */
  leadTo(port: number | undefined): void
}

/** Starts a switch that leads to a port. */
export async function startRegionSwitch(firstPort: number): Promise<RegionSwitch> {
  let target: number | undefined = firstPort
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const server: Server = createServer((incoming) => {
    keep(incoming)
    if (target === undefined) {
      incoming.resetAndDestroy()
      return
    }
    const outgoing = connect(target, '127.0.0.1')
    keep(outgoing)
    incoming.on('close', () => outgoing.destroy())
    outgoing.on('close', () => incoming.destroy())
    incoming.pipe(outgoing).pipe(incoming)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      target = port
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

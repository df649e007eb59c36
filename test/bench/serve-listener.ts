import { createServer, type RequestListener } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a server says of its event loop when its parent asks with any message: the time since it was asked before. */
export interface ServerReport {
  /** How late its turns came, the resolution of the measurement included. */
  readonly delayP99Ms: number
  /** Processor time of all its threads. */
  readonly cpuMs: number
}

const NANOSECONDS_PER_MS = 1e6

/** Serves a listener until the parent hangs up; tells it the port first. */
export function serveListener(listener: RequestListener): void {
  const server = createServer(listener)
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
  })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let cpu = process.cpuUsage()
  process.on('message', () => {
    const { user, system } = process.cpuUsage(cpu)
    const report: ServerReport = {
      delayP99Ms: delay.percentile(99) / NANOSECONDS_PER_MS,
      cpuMs: (user + system) / 1_000,
    }
    cpu = process.cpuUsage()
    delay.reset()
    process.send?.(report)
  })
  process.on('disconnect', () => process.exit(0))
}

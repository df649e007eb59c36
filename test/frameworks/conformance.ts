import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type FrameworkCapability,
  type FrameworkHarness,
  frameworkConformance,
} from '@holdfast/webhook-receiver/testing'
import type { FrameworkServer } from '@holdfast/webhook-receiver/testing'
import { describe, test } from 'vitest'

/** What every framework on Node.js' own HTTP server keeps. */
export const nodeCapabilities: readonly FrameworkCapability[] = [
  'any-bytes',
  'header-case',
  'header-bytes',
  'repeated-headers',
  'url-encoding',
  'exact-url',
  'head-method',
  'streaming-body',
  'abort',
  'remote-address',
  'prefix',
]

/** Declares a test for each case of the suite. */
export function describeConformance(name: string, harness: FrameworkHarness): void {
  describe(`${name} conforms:`, () => {
    for (const { title, run } of frameworkConformance) test(title, () => run(harness))
  })
}

/** What is left of it where a framework makes a `Request` of the message. */
export const requestCapabilities: readonly FrameworkCapability[] = nodeCapabilities.filter(
  (capability) => !['header-case', 'repeated-headers', 'exact-url'].includes(capability),
)

/** Lets a server of Node.js listen on a free port. */
export function listening(server: Server): Promise<FrameworkServer> {
  return served(server.listen(0, '127.0.0.1'))
}

/** A server of Node.js that listens, or is about to. */
export async function served(server: Server): Promise<FrameworkServer> {
  if (!server.listening) await once(server, 'listening')
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => closed(server) }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

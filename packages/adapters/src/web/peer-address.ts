/**
 * The address of the peer, from what a runtime hands over beside the request: Bun its server, Deno the connection, and
 * `@hono/node-server` Node's request. Never from a header, which anybody can write. `undefined`: the runtime does not say.
 */
export function peerAddress(request: Request, platform: unknown): string | undefined {
  const { requestIP, remoteAddr, incoming } = (platform ?? {}) as Platform
  if (typeof requestIP === 'function') return requestIP.call(platform, request)?.address
  return remoteAddr?.hostname ?? incoming?.socket?.remoteAddress
}

interface Platform {
  readonly requestIP?: (request: Request) => { readonly address: string } | null
  readonly remoteAddr?: { readonly hostname?: string }
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
}

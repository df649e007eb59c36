import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import { isIdempotentMethod } from '../retry/retry-decision.ts'
import type { Call } from './call.ts'

const MAX_DEPTH = 10

/**
 * Takes back that a request never left where nothing proves it. `fetch` follows redirects by itself, so "no connection" can be
 * said of the host that a POST was redirected to, after the first host has executed it; sent again, it would be executed twice.
 * The proof is that redirects are not followed, or that the error names the host that was called. Methods that are idempotent
 * need none.
 */
export function withProvenDelivery(failure: IntegrationErrorInit, error: unknown, call: Call): IntegrationErrorInit {
  if (failure.delivery !== 'not_sent' || failure.phase === 'local' || isIdempotentMethod(call.method)) return failure
  if (!call.followsRedirects || namesHost(error, call.host)) return failure
  return { ...failure, delivery: 'unknown' }
}

/** Node names the host of a name that was not resolved, and the address and port to which it could not connect. */
function namesHost(error: unknown, host: string): boolean {
  let link = error
  for (let depth = 0; link instanceof Error && depth < MAX_DEPTH; depth++) {
    const { hostname, address, port } = link as { hostname?: unknown; address?: unknown; port?: unknown }
    if (typeof hostname === 'string' && hostname === host.replace(/:\d+$/, '')) return true
    if (typeof address === 'string' && typeof port === 'number' && isHost(address, port, host)) return true
    link = link.cause
  }
  return false
}

function isHost(address: string, port: number, host: string): boolean {
  const name = address.includes(':') ? `[${address}]` : address
  return host === `${name}:${port}` || (host === name && (port === 443 || port === 80))
}

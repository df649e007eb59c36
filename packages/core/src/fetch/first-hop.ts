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
  if (!call.followsRedirects || namesHost(error, call.scope.host)) return failure
  return { ...failure, delivery: 'unknown' }
}

/**
 * Node names the host of a name that was not resolved, and the address and port to which it could not connect; each of them,
 * in an AggregateError, when it tried several.
 */
function namesHost(error: unknown, host: string): boolean {
  let link = error
  for (let depth = 0; link instanceof Error && depth < MAX_DEPTH; depth++) {
    if (link instanceof AggregateError && link.errors.some((member) => isAbout(member, host))) return true
    if (isAbout(link, host)) return true
    link = link.cause
  }
  return false
}

function isAbout(error: unknown, host: string): boolean {
  if (!(error instanceof Error)) return false
  const { hostname, address, port } = error as { hostname?: unknown; address?: unknown; port?: unknown }
  if (typeof hostname === 'string' && hostname === host.replace(/:\d+$/, '')) return true
  return typeof address === 'string' && typeof port === 'number' && isHost(address, port, host)
}

function isHost(address: string, port: number, host: string): boolean {
  const names = [address.includes(':') ? `[${address}]` : address]
  // RFC 6761 section 6.3: this name is the loopback address and nothing else.
  if (address === '127.0.0.1' || address === '::1') names.push('localhost')
  return names.some((name) => host === `${name}:${port}` || (host === name && (port === 443 || port === 80)))
}

import type { HeaderPairs } from '../buffer/event-buffer.ts'

/**
 * What of the original headers goes to a URL destination, unless it says otherwise: what describes the body, and what providers of webhooks
 * add. A `*` stands for any text.
 */
export const defaultForwardedHeaders: readonly string[] = Object.freeze([
  'content-type',
  'content-encoding',
  'content-language',
  'user-agent',
  'x-*',
  'webhook-*',
  '*-signature',
  '*-signature-*',
  '*-timestamp',
  '*-event',
  '*-event-*',
  '*-topic',
  '*-delivery',
  '*-id',
])

/**
 * What is never forwarded, whatever is asked for: credentials of others, which some providers send instead of a signature, what proxies in front of this server added, what belongs to the connection
 * or the transport, and what is set anew.
 */
const NEVER = [
  'authorization',
  'cookie',
  '*-token',
  '*-secret',
  '*-secret-*',
  '*-password',
  'x-api-key',
  'x-auth-*',
  'proxy-*',
  'x-forwarded-*',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-*',
  'x-envoy-*',
  'x-amzn-trace-id',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'idempotency-key',
  'holdfast-*',
]

/** Chooses headers by their names. */
export type HeaderRule = (pairs: HeaderPairs) => Headers

/** Makes the rule for these names, in which `*` stands for any text. */
export function headerRule(names: readonly string[]): HeaderRule {
  const isAsked = matcher(names)
  const isRefused = matcher(NEVER)
  return (pairs) => {
    const headers = new Headers()
    for (const [name, value] of pairs) {
      if (!isAsked(name) || isRefused(name)) continue
      try {
        headers.append(name, value)
      } catch {
        // What a lenient server let through need not be a legal header.
      }
    }
    return headers
  }
}

function matcher(names: readonly string[]): (name: string) => boolean {
  const parts = names.map((name) => name.split('*').map(literally).join('.*'))
  const pattern = new RegExp(`^(?:${parts.join('|')})$`, 'i')
  return (name) => pattern.test(name)
}

function literally(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}

import type { Connector } from '../../../src/connectors/connector.ts'
import { checkConnector } from '../../../src/connectors/check-connector.ts'

/** A connector with this for its webhooks; a scheme that signs `v0:` and the body is added where there is none. */
export function connectorWith(webhook: Readonly<Record<string, unknown>>): Connector {
  return {
    id: 'acme',
    name: 'Acme',
    sources: [{ url: 'https://acme.example/docs', verifiedAt: '2026-11-26' }],
    webhook: { verify: [hmacOver([{ part: 'literal', value: 'v0:' }, { part: 'body' }])], ...webhook },
  } as unknown as Connector
}

/** Checks such a connector. */
export function checkWebhookWith(webhook: Readonly<Record<string, unknown>>): Connector {
  return checkConnector(connectorWith(webhook))
}

/** An HMAC-SHA256 scheme over these pieces. */
export function hmacOver(message: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    scheme: 'hmac',
    hash: 'sha256',
    encoding: 'hex',
    secret: { encoding: 'utf8' },
    signature: { from: 'header', name: 'x-signature' },
    message,
    ...more,
  }
}

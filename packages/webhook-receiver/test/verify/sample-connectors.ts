import { createHmac } from 'node:crypto'
import type { Connector, HmacScheme, VerificationScheme, WebhookDescription } from '@holdfast/core'

/** Seconds since the epoch at which the samples are signed. */
export const SIGNED_AT_S = 1_764_000_000

export const SECRET = 'a secret & a half'

/** A key as Standard Webhooks writes it. */
export const BASE64_SECRET: string = `whsec_${Buffer.from('24 bytes of a secret key').toString('base64')}`

export const plainScheme: HmacScheme = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature', format: { kind: 'plain', prefix: 'sha256=' } },
  message: [{ part: 'body' }],
}

export const keyValueScheme: HmacScheme = {
  ...plainScheme,
  signature: { from: 'header', name: 'x-kv', format: { kind: 'keyValue', separator: ',', key: 'v1' } },
  message: [{ part: 'timestamp' }, { part: 'literal', value: '.' }, { part: 'body' }],
  timestamp: { from: 'header', name: 'x-kv', key: 't', format: 'epoch_s', toleranceMs: 300_000 },
}

export const listScheme: HmacScheme = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'base64',
  secret: { encoding: 'base64', prefix: 'whsec_' },
  signature: {
    from: 'header',
    name: 'webhook-signature',
    format: { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' },
  },
  message: [
    { part: 'header', name: 'webhook-id' },
    { part: 'literal', value: '.' },
    { part: 'timestamp' },
    { part: 'literal', value: '.' },
    { part: 'body' },
  ],
  timestamp: { from: 'header', name: 'webhook-timestamp', format: 'epoch_s', toleranceMs: 300_000 },
}

export function connectorOf(
  verify: readonly VerificationScheme[],
  rest: Omit<WebhookDescription, 'verify'> = {},
): Connector {
  return { id: 'sample', name: 'Sample', sources: [], webhook: { verify, ...rest } }
}

export function hmac(
  encoding: 'hex' | 'base64',
  key: string | Uint8Array,
  ...parts: readonly (string | Uint8Array)[]
): string {
  const hash = createHmac('sha256', key)
  for (const part of parts) hash.update(part)
  return hash.digest(encoding)
}

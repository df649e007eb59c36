import { createHmac } from 'node:crypto'
import type { Connector, HmacScheme, SignatureVector, TokenScheme, WebhookDescription } from '@holdfast/core'

/** The secret of the sample. */
export const SECRET = 'a key of the sender'

/** The body of the sample, which has the fields that the sample describes. */
export const BODY = '{"id":"evt_1","type":"paid","account":"acct_1"}'

export const vector: SignatureVector = {
  source: 'node:crypto createHmac',
  secret: SECRET,
  headers: { 'x-signature': createHmac('sha256', SECRET).update(BODY).digest('hex') },
  body: BODY,
}

export const scheme: HmacScheme = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'body' }],
  vectors: [vector],
}

export const tokenScheme: TokenScheme = {
  scheme: 'token',
  header: 'x-token',
  vectors: [{ source: 'by hand', secret: SECRET, headers: { 'x-token': SECRET }, body: BODY }],
}

/** A connector of which nothing is to be said, with something changed. */
export function sampleConnector(webhook: Partial<WebhookDescription> = {}, rest: Partial<Connector> = {}): Connector {
  return {
    id: 'sample',
    name: 'Sample',
    sources: [{ url: 'https://developer.sample.example/webhooks', verifiedAt: '2026-01-31' }],
    webhook: {
      verify: [scheme],
      eventId: { from: 'body', pointer: '/id', signed: true },
      eventType: { from: 'body', pointer: '/type', signed: true },
      tenant: { from: 'body', pointer: '/account', signed: true },
      ...webhook,
    },
    ...rest,
  }
}

import { createHmac } from 'node:crypto'
import type { VerifiableRequest } from '@holdfast/webhook-receiver'

/** Schemes that deliveries are signed by. */
export type SchemeName = 'github' | 'standard' | 'stripe'

/** A delivery in each form in which somebody takes it. */
export interface SignedDelivery {
  readonly body: Buffer
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  readonly request: VerifiableRequest
  /** What stands before the body in what is signed. */
  readonly signedPrefix: string
  /** The signature as it is encoded, without what stands around it. */
  readonly signature: string
  readonly receivedAt: number
}

/** Bodies that differ, so that nobody verifies the same bytes again and again. */
const DELIVERIES = 64
/** Size of a body, in bytes. */
export const VERIFY_BODY_BYTES = 2_048

/** The secret of a scheme, in its form. */
export function secretOf(scheme: SchemeName): string {
  return scheme === 'standard' ? `whsec_${Buffer.alloc(32, 7).toString('base64')}` : `whsec_of_${scheme}_0123456789`
}

/** Deliveries with the headers that come along in practice, signed now: some libraries judge by the clock. */
export function signedDeliveries(scheme: SchemeName): readonly SignedDelivery[] {
  const receivedAt = Date.now()
  const time = String(Math.floor(receivedAt / 1_000))
  return Array.from({ length: DELIVERIES }, (_, index) => {
    const text = bodyOf(index)
    const body = Buffer.from(text)
    const id = `msg_2Lh9KRb0pzN4LePd3XiA${String(index).padStart(4, '0')}`
    const signedPrefix = { github: '', stripe: `${time}.`, standard: `${id}.${time}.` }[scheme]
    const key = scheme === 'standard' ? Buffer.alloc(32, 7) : secretOf(scheme)
    const hmac = createHmac('sha256', key).update(signedPrefix).update(body)
    const signature = hmac.digest(scheme === 'standard' ? 'base64' : 'hex')
    const headers = {
      host: 'hooks.example.com',
      'user-agent': 'bench/1.0',
      accept: '*/*',
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.length),
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      ...signatureHeaders(scheme, { id, time, signature }),
    }
    const request = { headers: Object.entries(headers), body, receivedAt }
    return { body, text, headers, request, signedPrefix, signature, receivedAt }
  })
}

function signatureHeaders(
  scheme: SchemeName,
  { id, time, signature }: { readonly id: string; readonly time: string; readonly signature: string },
): Readonly<Record<string, string>> {
  switch (scheme) {
    case 'github':
      return { 'x-github-event': 'push', 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${signature}` }
    case 'stripe':
      return { 'stripe-signature': `t=${time},v1=${signature},v0=${'0'.repeat(64)}` }
    case 'standard':
      return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` }
  }
}

function bodyOf(index: number): string {
  const bareBody = JSON.stringify({ id: `evt_${index}`, type: 'invoice.paid', data: { note: '' } })
  const note = `${index}-`.padEnd(VERIFY_BODY_BYTES - bareBody.length, 'abcdefghij')
  return JSON.stringify({ id: `evt_${index}`, type: 'invoice.paid', data: { note } })
}

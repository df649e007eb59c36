import { IntegrationError } from '@holdfast/core'
import type { IncomingWebhook } from '../receiver/receiver.ts'

/**
 * Refuses what must be refused before it goes on, for the next server may read it in another way (RFC 9112 sections 3.2 and 3.2.4).
 *
 * @throws IntegrationError `invalid_request` (400).
 */
export function checkRequest({ method, url, headers }: IncomingWebhook): void {
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host')
  if (hosts.length > 1) throw malformed(`The request has ${hosts.length} \`Host\` headers; one is allowed.`)
  if (url === '*' && method !== 'OPTIONS') throw malformed('The request is for `*`, which only `OPTIONS` may be.')
}

function malformed(message: string): IntegrationError {
  return new IntegrationError({ code: 'invalid_request', reason: 'malformed', message, phase: 'local' })
}

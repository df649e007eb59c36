import type { SignatureVector } from '@holdfast/core'
import { decodeBase64 } from '../verify/encoding.ts'
import type { VerifiableRequest } from '../verify/verifiable-request.ts'

/** The request that a vector describes. */
export function vectorRequest(vector: SignatureVector): VerifiableRequest {
  const { headers, body = '', bodyBase64, method = 'POST', url, receivedAt = 0 } = vector
  return {
    headers: Object.entries(headers),
    body: bodyBase64 === undefined ? new TextEncoder().encode(body) : (decodeBase64(bodyBase64) ?? new Uint8Array()),
    receivedAt,
    method,
    ...(url === undefined ? {} : { url }),
  }
}

import type { ClientVerdict } from '@holdfast/core'

/** What the types without an answer mean. */
export const typeVerdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  StripeSignatureVerificationError: { code: 'signature_invalid', phase: 'local', delivery: 'answered' },
  // For a body that is no JSON the SDK keeps neither status nor headers. It may be the page of a gateway that gave up.
  StripeAPIError: {
    code: 'schema_mismatch',
    reason: 'not_json',
    retryable: 'after',
    phase: 'parse',
    delivery: 'unknown',
  },
}

/** The SDK's own time limit passed. */
export const lateHeaders: ClientVerdict = { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' }
/** It passed while the body was read. */
export const lateBody: ClientVerdict = { code: 'timeout', reason: 'body', phase: 'body', delivery: 'answered' }
/** The connection broke while the body was read. */
export const truncated: ClientVerdict = {
  code: 'connection_lost',
  reason: 'truncated_body',
  phase: 'body',
  delivery: 'answered',
}

import type { VerificationScheme, WebhookDescription } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { generateWebhookKey, type GenerateWebhookKeyOptions } from '../../src/signing/generate-webhook-key.ts'
import { type SignedRequest, signRequest } from '../../src/signing/sign-request.ts'
import type { SignRequestOptions } from '../../src/signing/sign-request-options.ts'
import type { WebhookKey } from '../../src/signing/webhook-key.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { createVerifier } from '../../src/verify/verifier.ts'
import type { VerifyResult } from '../../src/verify/verify-result.ts'
import { connectorOf } from '../verify/sample-connectors.ts'

/** When everything is signed. */
export const NOW = 1_764_000_000_000

/** A request that was signed with a new key, and what verifies it. */
export interface RoundTrip {
  readonly key: WebhookKey
  readonly signed: SignedRequest
  readonly verify: (request: VerifiableRequest) => Promise<VerifyResult>
}

/** Makes a key for the first scheme of `verify`, and signs with it. */
export async function roundTrip(
  verify: readonly VerificationScheme[],
  options: Omit<SignRequestOptions, 'connector' | 'key'> = {},
  rest: Omit<WebhookDescription, 'verify'> = {},
  keyOptions: Omit<GenerateWebhookKeyOptions, 'connector'> = {},
): Promise<RoundTrip> {
  const connector = connectorOf(verify, rest)
  const key = await generateWebhookKey({ connector, ...keyOptions })
  const signed = await signRequest({ connector, key, clock: fakeClock(NOW), ...options })
  const verifier = createVerifier({ connector, ...key.source })
  return { key, signed, verify: async (request) => verifier.verify(request) }
}

/** The value of a header. */
export function header({ headers }: SignedRequest, name: string): string | undefined {
  return headers.find(([candidate]) => candidate === name)?.[1]
}

/** The body as text. */
export function textOf({ body }: SignedRequest): string {
  return new TextDecoder().decode(body)
}

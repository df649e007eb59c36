import { IntegrationError } from '@holdfast/core'
import type { VerificationHint } from '../verify/verification-hint.ts'
import type { NotVerified } from '../verify/verify-result.ts'
import { type RefusedRequest, refusalText } from './refusal-text.ts'

/** A request that is not authentic, or cannot be judged now. */
export class VerificationRefusal extends IntegrationError {
  /** What probably went wrong. For you, never for the sender. */
  readonly hint: VerificationHint | undefined

  constructor(failure: NotVerified, request: RefusedRequest) {
    const { code, reason, hint, retryAfterMs, cause } = failure
    super({
      code,
      reason,
      message: refusalText(failure, request),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(cause === undefined ? {} : { cause }),
    })
    this.hint = hint
  }
}

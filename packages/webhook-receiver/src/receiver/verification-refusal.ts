import { IntegrationError } from '@holdfast/core'
import type { VerificationHint } from '../verify/verification-hint.ts'
import type { NotVerified } from '../verify/verify-result.ts'

/** A request that is not authentic, or cannot be judged now. */
export class VerificationRefusal extends IntegrationError {
  /** What probably went wrong. For you, never for the sender. */
  readonly hint: VerificationHint | undefined

  constructor({ code, reason, hint, retryAfterMs, cause }: NotVerified) {
    super({
      code,
      reason,
      message: `The webhook failed verification${hint === undefined ? '' : `; probably ${hint}`}.`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(cause === undefined ? {} : { cause }),
    })
    this.hint = hint
  }
}

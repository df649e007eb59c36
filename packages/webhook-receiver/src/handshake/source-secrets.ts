import type { MaybePromise } from '../verify/maybe-promise.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import type { CheckedSecret } from '../verify/webhook-secret.ts'

/** The secrets of a source, as its verifier has them. */
export interface SourceSecrets {
  /** Those that are accepted for a request at its arrival time. Rejects when they cannot be had now. */
  secretsFor(reader: RequestReader): MaybePromise<readonly CheckedSecret[]>
  /** Drops what is remembered of them. */
  forgetSecrets(): void
}

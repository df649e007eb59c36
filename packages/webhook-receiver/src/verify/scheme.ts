import type { VerificationScheme, WebhookField } from '@holdfast/core'
import type { HashProvider } from './hash-provider.ts'
import type { KeyAccess } from './keys/key-access.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { RequestReader } from './request-reader.ts'
import type { SecretForm } from './secret-form.ts'
import type { SignatureProvider } from './signature-provider.ts'
import type { VerifyResult } from './verify-result.ts'
import type { CheckedSecret } from './webhook-secret.ts'

/** What schemes need beside their description and secrets. */
export interface SchemeSetup {
  readonly hashes: HashProvider
  readonly signatures: SignatureProvider
  readonly keys: KeyAccess
  /** Where the event id is under the scheme. */
  readonly eventId: WebhookField | undefined
  /** Tolerance that the application set, in milliseconds; it goes before the scheme's. */
  readonly toleranceMs: number | undefined
}

/** A scheme ready to verify. */
export interface CompiledScheme {
  /** Judges a request to which the scheme applies. Never throws for anything in it. */
  readonly verify: (reader: RequestReader) => MaybePromise<VerifyResult>
}

/** How schemes of one kind are read. */
export interface SchemeKind<Scheme extends VerificationScheme> {
  /** How its secrets are written; `undefined`: it takes none. */
  secretForm(scheme: Scheme): SecretForm | undefined
  /** Prepares a scheme with the secrets that are its own, each of which `secretForm` reads. */
  compile(scheme: Scheme, secrets: readonly CheckedSecret[], setup: SchemeSetup): CompiledScheme
}

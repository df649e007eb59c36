import type { Random, WebhookId } from '@holdfast/core'
import type { HashProvider } from '../verify/hash-provider.ts'
import type { SigningKey } from './webhook-key.ts'

/** What every scheme signs with. */
export interface SigningContext {
  readonly key: SigningKey
  readonly hashes: HashProvider
  /** Time of signing, ms since the epoch. */
  readonly timestampMs: number
  /** Where the event id is under the scheme. */
  readonly eventId: WebhookId | undefined
  readonly random: Random
  /** Claims of the application's own, for tokens. */
  readonly claims: Readonly<Record<string, unknown>>
}

import { freeBody } from '../body/body-kinds.ts'
import type { IntegrationError, IntegrationErrorInit } from '../errors/integration-error.ts'

/** How an attempt, and in the end the call, came out. A failure is a value; nothing is thrown before the very end. */
export type Outcome =
  | { readonly kind: 'response'; readonly response: Response; readonly failure: IntegrationErrorInit | undefined }
  | { readonly kind: 'error'; readonly error: unknown; readonly failure: IntegrationErrorInit }
  | { readonly kind: 'refused'; readonly error: IntegrationError; readonly failure: IntegrationErrorInit }

/** Frees the connection of an answer that nobody will read. */
export function discardBody(outcome: Outcome): void {
  if (outcome.kind === 'response') freeBody(outcome.response.body)
}

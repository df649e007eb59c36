import type { Verdict } from './status-rules.ts'

/** One line of the table of native failures: everything that is given must hold. */
export interface FailureRule {
  /** Values of the error's `code`; one that ends in `*` is a prefix. */
  readonly codes?: readonly string[]
  /** Values of the error's `name`. */
  readonly names?: readonly string[]
  /** Value of the error's `syscall`. */
  readonly syscall?: string
  readonly message?: RegExp
  /** What it means before an answer began. */
  readonly means: Verdict
}

export const notSent = (reason: string, phase: 'dns' | 'connect' | 'tls' = 'connect'): Verdict => ({
  code: 'connection_failed',
  reason,
  phase,
  delivery: 'not_sent',
})

export const lost = (reason: string, phase: 'send' | 'headers' = 'headers'): Verdict => ({
  code: 'connection_lost',
  reason,
  phase,
  delivery: 'unknown',
})

export const tls = (reason: string, fault: 'upstream' | 'platform' = 'upstream'): Verdict => ({
  code: 'tls_error',
  reason,
  phase: 'tls',
  delivery: 'not_sent',
  fault,
})

export const dns = (reason: 'temporary' | 'not_found'): Verdict => ({
  code: 'dns_error',
  reason,
  phase: 'dns',
  delivery: 'not_sent',
  fault: reason === 'not_found' ? 'platform' : 'network',
})

export const malformed = (reason: string, phase: 'headers' | 'body'): Verdict => ({
  code: 'schema_mismatch',
  reason,
  phase,
  delivery: 'answered',
})

export const refusedLocally = (code: 'configuration_error' | 'invalid_request', reason: string): Verdict => ({
  code,
  reason,
  phase: 'local',
  delivery: 'not_sent',
})

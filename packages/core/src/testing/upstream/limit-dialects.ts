import type { LimitDialect } from './limit-dialect.ts'
import { type ProviderDialectName, providerDialects } from './provider-dialects.ts'
import { type StandardDialectName, standardDialects } from './standard-dialects.ts'

/** The name of a dialect. */
export type LimitDialectName = StandardDialectName | ProviderDialectName

/**
 * How limits are told: the standards, their drafts, and providers in the words of their documentation. Data, to be spread
 * into dialects of your own.
 */
export const limitDialects: Readonly<Record<LimitDialectName, LimitDialect>> = Object.freeze({
  ...standardDialects,
  ...providerDialects,
})

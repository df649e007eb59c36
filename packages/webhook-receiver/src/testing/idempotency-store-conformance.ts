import type { IdempotencyCase } from './conformance/idempotency-case.ts'
import { idempotencyCases } from './conformance/idempotency-cases.ts'

/**
 * The contract of `IdempotencyStore` as cases that any test runner can run; each makes and disposes of its own store. With vitest or
 * node:test:
 *
 * ```ts
 * for (const { title, run } of idempotencyStoreConformance) test(title, () => run(harness))
 * ```
 *
 * `memoryIdempotencyStore` passes all of them. A case with `requires` shows, where that is missing, that the store says so.
 */
export const idempotencyStoreConformance: readonly IdempotencyCase[] = idempotencyCases

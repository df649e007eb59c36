import { concurrencyCases } from './conformance/concurrency-cases.ts'
import type { StateStoreCase } from './conformance/conformance-case.ts'
import { leaseCases } from './conformance/lease-cases.ts'
import { limitCases } from './conformance/limit-cases.ts'
import { timeCases } from './conformance/time-cases.ts'
import { valueCases } from './conformance/value-cases.ts'

/**
 * The contract of `StateStore` as cases that any test runner can run; each makes and disposes of its own store. With vitest or
 * node:test:
 *
 * ```ts
 * for (const { title, run } of stateStoreConformance) test(title, () => run(harness))
 * ```
 *
 * `memoryStateStore` passes all of them. A case with `requires` shows, where that is missing, that the store says so.
 */
export const stateStoreConformance: readonly StateStoreCase[] = [
  ...valueCases,
  ...timeCases,
  ...concurrencyCases,
  ...leaseCases,
  ...limitCases,
]

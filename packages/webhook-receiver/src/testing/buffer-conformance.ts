import { appendCases } from './conformance/append-cases.ts'
import type { ConformanceCase } from './conformance/conformance-case.ts'
import { crashCases } from './conformance/crash-cases.ts'
import { cursorCases } from './conformance/cursor-cases.ts'
import { deadLetterCases } from './conformance/dead-letter-cases.ts'
import { deliveryCases } from './conformance/delivery-cases.ts'
import { leaseCases } from './conformance/lease-cases.ts'
import { parkedCases } from './conformance/parked-cases.ts'
import { readCases } from './conformance/read-cases.ts'
import { wrongCallCases } from './conformance/wrong-call-cases.ts'

/**
 * The contract of `EventBuffer` as cases that any test runner can run; each makes and disposes of its own buffer. With vitest or
 * node:test:
 *
 * ```ts
 * for (const { title, run } of bufferConformance) test(title, () => run(harness))
 * ```
 *
 * `memoryBuffer` passes all of them. A case with `requires` shows, where that is missing, that the buffer says so.
 */
export const bufferConformance: readonly ConformanceCase[] = [
  ...appendCases,
  ...readCases,
  ...cursorCases,
  ...parkedCases,
  ...deadLetterCases,
  ...leaseCases,
  ...wrongCallCases,
  ...deliveryCases,
  ...crashCases,
]

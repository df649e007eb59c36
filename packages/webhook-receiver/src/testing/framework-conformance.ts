import { bodyCases } from './frameworks/body-cases.ts'
import { faultCases } from './frameworks/fault-cases.ts'
import type { FrameworkConformanceCase } from './frameworks/framework-case.ts'
import { limitCases } from './frameworks/limit-cases.ts'
import { replyCases } from './frameworks/reply-cases.ts'
import { requestCases } from './frameworks/request-cases.ts'

/**
 * What every framework adapter owes, as cases that any test runner can run; each starts and stops its own servers and speaks
 * to them over real sockets. With vitest or node:test:
 *
 * ```ts
 * for (const { title, run } of frameworkConformance) test(title, () => run(harness))
 * ```
 *
 * A case with `requires` shows, where a platform lacks the capability, what the receiver gets instead.
 */
export const frameworkConformance: readonly FrameworkConformanceCase[] = [
  ...bodyCases,
  ...requestCases,
  ...replyCases,
  ...limitCases,
  ...faultCases,
]

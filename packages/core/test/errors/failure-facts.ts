import { classifyFailure, type FailureContext } from '../../src/errors/classify-failure.ts'
import { IntegrationError } from '../../src/errors/integration-error.ts'

/** What the tests compare of a classified failure. */
export type Facts = Pick<IntegrationError, 'code' | 'reason' | 'delivery' | 'phase' | 'fault'>

/** Runs what must fail and says how the failure is classified. */
export async function factsOf(failing: () => Promise<unknown>, context: FailureContext = {}): Promise<Facts> {
  const { code, reason, delivery, phase, fault } = classified(await errorOf(failing), context)
  return { code, reason, delivery, phase, fault } as Facts
}

/** What `failing` throws. */
export async function errorOf(failing: () => Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await failing()
  } catch (error) {
    return error
  }
  throw new Error(`It did not fail: ${String(value)}`)
}

/** The error that a failure becomes. */
export function classified(error: unknown, context: FailureContext): IntegrationError {
  return new IntegrationError(classifyFailure(error, context))
}

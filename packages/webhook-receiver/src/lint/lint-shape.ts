import { checkConnector, InvalidOptionsError } from '@holdfast/core'
import type { Report } from './finding.ts'

const ROOT = 'connector'

/**
 * Reports what `checkConnector` refuses, the first thing of each part: a mistake in the error rules does not hide one in the
 * webhooks.
 *
 * @returns whether the whole is a connector.
 */
export function lintShape(value: unknown, report: Report): boolean {
  const whole = refusalOf(value)
  if (whole === undefined) return true

  const refusals = [whole, ...partsOf(value).map(refusalOf)]
  const seen = new Set<string>()
  for (const refusal of refusals) {
    if (refusal === undefined || seen.has(refusal.path)) continue
    seen.add(refusal.path)
    report({
      severity: 'error',
      code: 'malformed',
      path: withoutRoot(refusal.path),
      message: withoutRoot(refusal.message),
    })
  }
  return false
}

function refusalOf(value: unknown): InvalidOptionsError | undefined {
  try {
    checkConnector(value, ROOT)
    return undefined
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error
    throw error
  }
}

/** The value once for each of its parts, with the others left out. */
function partsOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).map(([key, part]) => ({ id: 'a', name: 'a', sources: [], [key]: part as unknown }))
}

function withoutRoot(text: string): string {
  return text.replace(`${ROOT}.`, '')
}

import type { ConnectorSource } from '@holdfast/core'
import type { Report } from './finding.ts'

const DAY_MS = 86_400_000

/** Reports facts without a source, and sources that were read too long ago, or are dated in the future. */
export function lintSources(
  sources: readonly ConnectorSource[],
  { now, maxAgeDays }: { readonly now: number; readonly maxAgeDays: number },
  report: Report,
): void {
  if (sources.length === 0)
    report({
      severity: 'warning',
      code: 'no_source',
      path: 'sources',
      message: 'Nothing says where the facts come from.',
    })

  sources.forEach(({ verifiedAt }, index) => {
    const path = `sources[${index}].verifiedAt`
    const ageDays = (now - Date.parse(verifiedAt)) / DAY_MS
    // A day's grace: the date is somebody's local one.
    if (ageDays < -1)
      report({ severity: 'error', code: 'future_source', path, message: `${verifiedAt} is still to come.` })
    if (ageDays > maxAgeDays)
      report({
        severity: 'warning',
        code: 'stale_source',
        path,
        message: `${verifiedAt} is ${Math.floor(ageDays)} days ago; read the source again.`,
      })
  })
}

import { type Clock, type Connector, systemClock } from '@holdfast/core'
import type { ConnectorFinding } from './finding.ts'
import { lintShape } from './lint-shape.ts'
import { lintSources } from './lint-sources.ts'
import { lintWebhook } from './lint-webhook.ts'

/** What counts as old, and when now is. */
export interface LintOptions {
  /** Age in days from which a source is worth reading again. Default: 400. */
  readonly maxAgeDays?: number
  /** Default: the system's clock. */
  readonly clock?: Clock
}

/** Age in days from which a source is worth reading again: a year, and a month to do it in. */
export const DEFAULT_MAX_AGE_DAYS = 400

/**
 * Looks a connector over, for instance one of your own in a test: whether it is well-formed, whether every signature vector
 * verifies under its own scheme and under no other secret, whether every example is judged as it says, and whether what it
 * says of ids and fields is so. Makes no network call, and never throws for what is in `value`.
 *
 * @returns the findings in the order of the connector; none when nothing is wrong.
 */
export async function lintConnector(value: unknown, options: LintOptions = {}): Promise<readonly ConnectorFinding[]> {
  const { maxAgeDays = DEFAULT_MAX_AGE_DAYS, clock = systemClock } = options
  const findings: ConnectorFinding[] = []
  const report = (finding: ConnectorFinding): void => void findings.push(finding)

  if (!lintShape(value, report)) return findings
  const connector = value as Connector
  lintSources(connector.sources, { now: clock.now(), maxAgeDays }, report)
  if (connector.webhook !== undefined) await lintWebhook(connector, connector.webhook, report)
  return findings
}

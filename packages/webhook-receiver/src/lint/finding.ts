/** Something about a connector that is wrong, or that nobody has shown to be right. */
export interface ConnectorFinding {
  /** `error`: it is wrong. `warning`: it may be right, and nothing shows it. */
  readonly severity: 'error' | 'warning'
  readonly code: ConnectorFindingCode
  /** Where in the connector, for example `webhook.verify[0].vectors[1]`. */
  readonly path: string
  /** One sentence for people. Never shows a secret. */
  readonly message: string
}

export type ConnectorFindingCode =
  /** `checkConnector` refuses it. */
  | 'malformed'
  /** No source is named for its facts. */
  | 'no_source'
  /** A source was read longer ago than `maxAgeDays`. */
  | 'stale_source'
  /** A source is dated in the future. */
  | 'future_source'
  /** A way to verify has no vector. */
  | 'no_vector'
  /** A vector does not verify, or only under another scheme. */
  | 'failing_vector'
  /** A vector verifies with a secret that is not its own, or with its body changed although that is said to be covered. */
  | 'forgeable_vector'
  /** A field is said to be signed and is not, or the other way round. */
  | 'wrong_signed'
  /** No vector has the field, so that its place is not shown to be right. */
  | 'unseen_field'

/** Adds a finding. */
export type Report = (finding: ConnectorFinding) => void

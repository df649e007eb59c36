import type { ClientVerdict } from '@holdfast/core'

interface MessageRule {
  readonly message: RegExp
  readonly means: ClientVerdict
}

const notSent = (reason: string): ClientVerdict => ({
  code: 'connection_failed',
  reason,
  phase: 'connect',
  delivery: 'not_sent',
})
const lost: ClientVerdict = { code: 'connection_lost', reason: 'closed_early', phase: 'headers', delivery: 'unknown' }
const late: ClientVerdict = { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' }
const canceled = (reason: 'abort' | 'shutdown', delivery: 'not_sent' | 'unknown'): ClientVerdict => ({
  code: 'canceled',
  reason,
  delivery,
})

/** What the clients say themselves: most of these errors have no code. First match wins. */
export const messageVerdicts: readonly MessageRule[] = [
  // ioredis. It does not tell commands that wait for a connection from those that wait for a reply.
  { message: /^Connection is closed\.$/, means: lost },
  { message: /^Command aborted due to connection close$/, means: lost },
  { message: /^Reached the max retries per request limit/, means: lost },
  { message: /^Command timed out$/, means: late },
  { message: /^Socket timeout\. Expecting data/, means: late },
  { message: /and enableOfflineQueue options is false$/, means: notSent('closed') },
  { message: /^connect ETIMEDOUT$/, means: notSent('connect_timeout') },
  { message: /^None of startup nodes is available$/, means: notSent('unreachable') },
  { message: /^Cluster is disconnect(?:ed|ing)\.$/, means: canceled('shutdown', 'not_sent') },

  // node-redis.
  { message: /^Socket closed unexpectedly$/, means: lost },
  { message: /^Socket timeout (?:timeout|during maintenance)\./, means: late },
  { message: /^Command timeout during maintenance\./, means: { ...late, phase: 'send', delivery: 'not_sent' } },
  { message: /^Connection timeout$/, means: notSent('connect_timeout') },
  { message: /^The client is offline$/, means: notSent('closed') },
  { message: /^All the root nodes are unavailable$/, means: notSent('unreachable') },
  { message: /^The client is closed$/, means: canceled('shutdown', 'not_sent') },
  { message: /^Disconnects client$/, means: canceled('shutdown', 'unknown') },
  // Only what was not written yet can be aborted.
  { message: /^The command was aborted$/, means: canceled('abort', 'not_sent') },
  {
    message: /watched keys has been changed$/,
    means: { code: 'conflict', reason: 'version', retryable: 'now', delivery: 'answered' },
  },
  {
    message: /^Too many Cluster redirections/,
    means: { code: 'upstream_unavailable', reason: 'cluster', delivery: 'answered' },
  },

  // Bun. It says the same of a connection that was refused and of one that was closed under a command.
  { message: /^Connection (?:closed|has failed)$/, means: lost },
]

import type { AttemptRecord } from '../errors/integration-error.ts'
import type { RetryOwner, RetryStop } from '../events/core-event-map.ts'
import type { Decision, HedgeStop } from './decision.ts'
import type { Explanation } from './explanation.ts'

/**
 * An explanation as people read it: a line for the call, one for each attempt, one for each decision between them, and one for how
 * it ended. It holds what the explanation holds, so nothing secret.
 */
export function explanationText(explanation: Explanation): string {
  const { attempts, decisions } = explanation
  const columns = attempts.map(columnsOf)
  const widths = [0, 1, 2].map((column) => Math.max(0, ...columns.map((cells) => cells[column]?.length ?? 0)))
  const lines = attempts.flatMap((attempt, index) => {
    const [number = '', outcome = '', time = '', notes = ''] = columns[index] ?? []
    const cells = [
      number.padStart(widths[0] ?? 0),
      outcome.padEnd(widths[1] ?? 0),
      time.padStart(widths[2] ?? 0),
      notes,
    ]
    const before = decisions.filter((decision) => 'attempt' in decision && decision.attempt === attempt.attempt)
    return [...before.map(decisionLine), `  ${cells.join('  ').trimEnd()}`]
  })
  const last = attempts.length
  const after = decisions.filter((decision) => !('attempt' in decision) || decision.attempt > last)
  return [headLine(explanation), ...lines, ...after.map(decisionLine), endLine(explanation)].join('\n')
}

function headLine({ callId, endpoint, integration, connection, at }: Explanation): string {
  const whose = [integration, connection].filter((part) => part !== undefined).join('/')
  return `${endpoint} (call ${callId}${whose === '' ? '' : ` of ${whose}`}, ${new Date(at).toISOString()})`
}

function columnsOf({ attempt, status, code, reason, durationMs, waitedMs, hedge }: AttemptRecord): readonly string[] {
  const failure = code === undefined ? undefined : reason === undefined ? code : `${code} (${reason})`
  const outcome = [status === undefined ? undefined : String(status), failure].filter((part) => part !== undefined)
  const notes = [waitedMs === undefined ? '' : `after ${time(waitedMs)} of waiting`, hedge === true ? 'hedge' : '']
  return [`#${attempt}`, outcome.join(' '), time(durationMs), notes.filter((note) => note !== '').join(', ')]
}

const owners: Readonly<Record<RetryOwner, string>> = {
  holdfast: 'another function of createFetch, which repeats it',
  stainless: 'the SDK above (x-stainless-retry-count), which repeats it',
  'aws-sdk': 'the AWS SDK above, which repeats it',
  envoy: 'Envoy in front, which repeats it',
  grpc: 'the gRPC client above, which repeats it',
  same_key: 'somebody above, who sent it again with the same key',
}

const hedgeStops: Readonly<Record<HedgeStop, string>> = {
  body: 'its body could not be made',
  rate_limit: 'the rate limit has no place left',
  bulkhead: 'the bulkhead has no slot left',
  circuit_open: 'the circuit is open',
  budget: 'the retry budget is spent',
}

function decisionLine(decision: Decision): string {
  switch (decision.kind) {
    case 'retry': {
      const { code, wait, delayMs, serverWaitMs } = decision
      const asked = serverWaitMs === undefined ? '' : `, the server asks for ${time(serverWaitMs)}`
      const why = wait === 'backoff' ? 'backoff' : 'in line for the rate limit'
      return `     retried, because ${code} may pass: wait ${time(delayMs)} (${why}${asked})`
    }
    case 'hedge':
      return `     hedged, because there was no answer after ${time(decision.delayMs)}`
    case 'no_hedge':
      return `     not hedged after ${time(decision.delayMs)}, because ${hedgeStops[decision.reason]}`
    case 'nested':
      return `     ${decision.yields ? 'left to' : 'repeated besides'} ${owners[decision.owner]}`
    case 'new_token':
      return '     sent again, because the provider gave another token'
  }
}

const stops: Readonly<Record<RetryStop, string>> = {
  not_retryable: 'a repeat cannot help',
  unsafe: 'it may have been executed, and has no idempotency key',
  body_not_replayable: 'its body can be sent only once',
  server_veto: 'the server says not to',
  max_attempts: 'no attempt is left',
  deadline: 'the wait would not end in time',
  circuit_open: 'the circuit is open',
  budget: 'the retry budget is spent',
  surfaced: 'rate limits are surfaced',
  nested: 'somebody else repeats it',
}

function endLine({ durationMs, attempts, error, stop, idempotencyKey }: Explanation): string {
  const key = idempotencyKey === undefined ? '' : `, key ${idempotencyKey}`
  if (error === undefined) {
    // Behind the one that succeeded may stand a hedge that lost.
    const { status } = attempts.findLast((attempt) => attempt.code === undefined) ?? {}
    return `  = ${status ?? 'answered'} in ${time(durationMs)}${key}`
  }
  const what = error.reason === undefined ? error.code : `${error.code} (${error.reason})`
  const wait = error.retryAfterMs === undefined ? '' : `, retry after ${time(error.retryAfterMs)}`
  const why = stop === undefined ? '' : `; not retried, because ${stops[stop]} (${stop})`
  return `  = ${what} in ${time(durationMs)}, delivery ${error.delivery}${wait}${key}${why}`
}

function time(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

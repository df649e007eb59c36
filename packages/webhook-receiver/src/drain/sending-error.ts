import { IntegrationError, integrationErrorOf } from '@holdfast/core'

/**
 * What `fetch` threw for an http URL that parses, as an `IntegrationError`. `fetch` refuses such a URL for its port alone (the WHATWG calls
 * those bad ports), and says no more than that: here the message names the option, the port, and what to do.
 */
export function sendingError(error: unknown, option: string, url: string): IntegrationError | undefined {
  const failure = integrationErrorOf(error)
  const port = URL.parse(url)?.port
  if (failure?.reason !== 'invalid_url' || port === undefined || port === '') return failure
  return new IntegrationError({
    code: failure.code,
    reason: 'blocked_port',
    message: `Expected \`${option}\` to have a port that fetch connects to, got ${port}, which it blocks. Use another port.`,
    phase: 'local',
    delivery: 'not_sent',
    cause: error,
  })
}

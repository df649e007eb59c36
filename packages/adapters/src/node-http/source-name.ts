import { IntegrationError } from '@holdfast/core'

/**
 * The name of the source that a route serves: the one it was given, or its parameter `source`.
 *
 * @throws IntegrationError `configuration_error` with reason `missing_source` when there is neither.
 */
export function sourceName(adapter: string, given: string | undefined, parameter: unknown): string {
  const name = given ?? parameter
  if (typeof name === 'string') return name
  throw new IntegrationError({
    code: 'configuration_error',
    reason: 'missing_source',
    message: `The route has no parameter named \`source\`, and \`${adapter}\` was given no \`source\`.`,
  })
}

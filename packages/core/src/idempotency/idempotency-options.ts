import { headerName } from '../connectors/check-shape.ts'
import { checkOptions } from '../options/check.ts'

/** Makes writes safe to repeat, where the API takes an idempotency key. */
export interface IdempotencyOptions {
  /** Request header that carries the key. Default: the connector's `http.idempotencyHeader`, or `idempotency-key`. */
  readonly header?: string
}

/** The header of the IETF draft, which most APIs use. */
export const defaultIdempotencyHeader = 'idempotency-key'

/**
 * The header that a key is generated into, or nothing when none is: the policy is off unless the connector or the options
 * ask for it.
 *
 * @throws InvalidOptionsError when an option is wrong.
 */
export function resolveIdempotencyHeader(
  options: IdempotencyOptions | false | undefined,
  connectorHeader: string | undefined,
): string | undefined {
  if (options === false) return undefined
  if (options === undefined) return connectorHeader
  checkOptions('idempotency', options, { header: headerName })
  return options.header ?? connectorHeader ?? defaultIdempotencyHeader
}

/** Whether a request with this method gets a key: POST and PATCH, which are not idempotent by themselves. */
export function needsIdempotencyKey(method: string): boolean {
  return method === 'POST' || method === 'PATCH'
}

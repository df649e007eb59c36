import { headerName } from '../connectors/check-shape.ts'
import type { ConnectorHttp } from '../connectors/connector.ts'
import { type IdempotencyKeyFormat, idempotencyKeyFormats, keyedMethods } from '../connectors/idempotency-key.ts'
import { arrayOf, checkOptions, oneOf } from '../options/check.ts'

/** Makes writes safe to repeat, where the API takes an idempotency key. */
export interface IdempotencyOptions {
  /** Request header that carries the key. Default: the connector's `http.idempotencyHeader`, or `idempotency-key`. */
  readonly header?: string
  /**
   * How a generated key is written: as it is, or as a String of RFC 9651, in quotes, as the IETF draft asks for.
   * Default: the connector's `http.idempotencyKeyFormat`, or `raw`, which most APIs take.
   */
  readonly keyFormat?: IdempotencyKeyFormat
  /** Methods that get a key, in upper case. Default: the connector's `http.idempotencyMethods`, or POST and PATCH. */
  readonly methods?: readonly string[]
}

export interface ResolvedIdempotencyOptions {
  readonly header: string
  readonly keyFormat: IdempotencyKeyFormat
  readonly methods: readonly string[]
}

/** The header of the IETF draft, which most APIs use. */
export const defaultIdempotencyHeader = 'idempotency-key'

// Those that are not idempotent by themselves.
const defaultMethods: readonly string[] = Object.freeze(['POST', 'PATCH'])

/**
 * How keys are generated, or nothing when none are: the policy is off unless the connector or the options ask for it.
 *
 * @throws InvalidOptionsError when an option is wrong.
 */
export function resolveIdempotencyOptions(
  options: IdempotencyOptions | false | undefined,
  http: ConnectorHttp | undefined,
): ResolvedIdempotencyOptions | undefined {
  if (options === false || (options === undefined && http?.idempotencyHeader === undefined)) return undefined
  checkOptions('idempotency', options ?? {}, {
    header: headerName,
    keyFormat: oneOf(...idempotencyKeyFormats),
    methods: arrayOf(oneOf(...keyedMethods)),
  })
  return Object.freeze({
    header: options?.header ?? http?.idempotencyHeader ?? defaultIdempotencyHeader,
    keyFormat: options?.keyFormat ?? http?.idempotencyKeyFormat ?? 'raw',
    methods: options?.methods ?? http?.idempotencyMethods ?? defaultMethods,
  })
}

/** A key as it stands in the header. */
export function writeKey(key: string, format: IdempotencyKeyFormat): string {
  return format === 'raw' ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
}

import { redactText } from '../errors/redact.ts'
import type { ClientCall } from './client-call.ts'

const MAX_PATHS = 5

/**
 * A schema of whatever library that follows Standard Schema v1 (standardschema.dev): Zod, Valibot, ArkType and others.
 * This is the part of the interface that Holdfast calls.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}

/** What a schema says of a value: what it makes of it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/**
 * What `schema` makes of `value`, which `call` was answered.
 *
 * @param at - JSON Pointer to where `value` stands in the body, for the message.
 * @throws IntegrationError `schema_mismatch` with reason `schema`: its message names where the issues are, never a value;
 * the issues themselves are its `cause`. `configuration_error` with reason `schema_failed` when the schema itself throws.
 */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  call: ClientCall,
  at = '',
): Promise<Output> {
  const result = await runSchema(schema, value, call)
  if (result.issues === undefined) return result.value
  throw call.mismatch('schema', `at ${describePaths(result.issues, at)}`, result.issues)
}

async function runSchema<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  call: ClientCall,
): Promise<SchemaResult<Output>> {
  try {
    const result = await schema['~standard'].validate(value)
    // To look at a result that is none throws here, not later.
    void result.issues
    return result
  } catch (cause) {
    throw call.error({
      code: 'configuration_error',
      reason: 'schema_failed',
      phase: 'parse',
      delivery: 'answered',
      message: 'The schema could not be applied: it threw instead of reporting issues, or it is none.',
      cause,
    })
  }
}

function describePaths(issues: readonly SchemaIssue[], at: string): string {
  const paths = [...new Set(issues.map(({ path = [] }) => at + path.map(segmentOf).join('')))]
  const shown = paths.slice(0, MAX_PATHS).map((path) => (path === '' ? 'its root' : path))
  return paths.length > MAX_PATHS ? `${shown.join(', ')} and ${paths.length - MAX_PATHS} more` : shown.join(', ')
}

/** A segment of a JSON Pointer. Keys can be data, so that they are redacted like a provider's text. */
function segmentOf(segment: PropertyKey | { readonly key: PropertyKey }): string {
  const key = String(typeof segment === 'object' ? segment.key : segment)
  return `/${redactText(key.slice(0, 64)).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

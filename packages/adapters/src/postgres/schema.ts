/** Where the tables and functions are, unless another schema is named. */
export const DEFAULT_SCHEMA = 'holdfast'

// So that it needs no quotes anywhere, and fits with a name behind it into the 63 bytes of an identifier.
const NAME = /^[a-z_][a-z0-9_]{0,62}$/

/** Says what is wrong with the name of a schema. */
export function schemaName(value: unknown): string | undefined {
  return typeof value === 'string' && NAME.test(value) && !value.startsWith('pg_')
    ? undefined
    : 'a name of up to 63 small letters, digits or `_` that begins with a letter or `_`, and not with `pg_`'
}

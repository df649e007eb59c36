/** Where the tables and functions are, unless another schema is named. */
export const DEFAULT_SCHEMA = 'holdfast'

// So that it needs no quotes anywhere, and fits with a name behind it into the 63 bytes of an identifier.
const NAME = /^[a-z_][a-z0-9_]{0,62}$/

// What PostgreSQL takes for no name unless it is quoted.
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
  column concurrently constraint create cross current_catalog current_date current_role current_schema
  current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
  foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
  leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
  placing primary references returning right select session_user similar some symmetric system_user table
  tablesample then to trailing true union unique user using variadic verbose when where window with`.split(/\s+/),
)

/** Says what is wrong with the name of a schema. */
export function schemaName(value: unknown): string | undefined {
  if (typeof value !== 'string' || !NAME.test(value) || value.startsWith('pg_'))
    return 'a name of up to 63 small letters, digits or `_` that begins with a letter or `_`, and not with `pg_`'
  return RESERVED.has(value) ? 'a name that is no reserved word of SQL' : undefined
}

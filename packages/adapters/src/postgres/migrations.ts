import { checkOptions } from '@holdfast/core'
import { consumers } from './migrations/consumers.ts'
import { eventLog } from './migrations/event-log.ts'
import { retention } from './migrations/retention.ts'
import { setAside } from './migrations/set-aside.ts'
import { sharedState } from './migrations/shared-state.ts'
import { DEFAULT_SCHEMA, schemaName } from './schema.ts'

/** Where the tables are. */
export interface PostgresSchemaOptions {
  /** Schema of the tables and functions. Small letters, digits and `_`. @defaultValue 'holdfast' */
  readonly schema?: string
}

// In order, for good: what was published is never changed, only followed by another one.
const migrations: readonly ((schema: string) => string)[] = [sharedState, eventLog, consumers, setAside, retention]

/** The version that this code needs. */
export const SCHEMA_VERSION: number = migrations.length

// Any number, the same for everybody.
const LOCK = 7_165_920_311

/**
 * Everything that the stores need in a database, as one statement of SQL, for whoever runs migrations by himself. It does what is missing and
 * can be run again at any time, also by several at once: a lock of the transaction has them wait for each other.
 *
 * @throws InvalidOptionsError for an option that is wrong.
 */
export function postgresMigrations(options: PostgresSchemaOptions = {}): string {
  checkOptions('', options, { schema: schemaName })
  const { schema = DEFAULT_SCHEMA } = options
  const steps = migrations.map(
    (migration, index) => `
  if not exists (select from ${schema}.migration where version = ${index + 1}) then
    execute $migration$${migration(schema)}$migration$;
    insert into ${schema}.migration (version) values (${index + 1});
  end if;`,
  )
  return `do $holdfast$
begin
  perform pg_advisory_xact_lock(${LOCK});
  -- By a query, which sees what was committed while the lock was waited for; the functions to_reg… may not.
  if not exists (select from pg_namespace where nspname = '${schema}') then
    create schema ${schema};
  end if;
  if not exists (select from pg_tables where schemaname = '${schema}' and tablename = 'migration') then
    create table ${schema}.migration (version int primary key, applied_at timestamptz not null default now());
  end if;${steps.join('')}
end
$holdfast$`
}

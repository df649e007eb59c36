import { boolean, type Check, checkOptions } from '@holdfast/core'
import { DEFAULT_SCHEMA, schemaName } from './schema.ts'

/** What the stores on PostgreSQL have in common. */
export interface PostgresStoreOptions {
  /** Schema of the tables and functions. What should share nothing gets another one. @defaultValue 'holdfast' */
  readonly schema?: string
  /**
   * Whether the tables are made before the first use, where they are missing. `false`: `postgresMigrations()` has been run, and the user needs no
   * right to create anything. @defaultValue true
   */
  readonly migrate?: boolean
}

/** The defaults of `PostgresStoreOptions`. */
export const defaultPostgresStoreOptions: Required<PostgresStoreOptions> = Object.freeze({
  schema: DEFAULT_SCHEMA,
  migrate: true,
})

/** The checks of `PostgresStoreOptions`. */
export const storeChecks: Readonly<Record<keyof PostgresStoreOptions, Check>> = { schema: schemaName, migrate: boolean }

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveStoreOptions(options: PostgresStoreOptions): Required<PostgresStoreOptions> {
  checkOptions('', options, storeChecks)
  return { ...defaultPostgresStoreOptions, ...options }
}

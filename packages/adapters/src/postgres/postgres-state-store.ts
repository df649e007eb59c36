import type { StateEntry, StateStore, StateStoreCaps } from '@holdfast/core'
import { untilAborted } from '@holdfast/webhook-receiver/buffer-kit'
import { toIntegrationError } from '../pg/to-integration-error.ts'
import { createDatabase } from './database.ts'
import type { PostgresLike, SqlRow, SqlValue } from './sql-client.ts'
import { type PostgresStoreOptions, resolveStoreOptions } from './store-options.ts'
import { readText, storedText } from './text.ts'

const caps: StateStoreCaps = Object.freeze({
  multiProcess: true,
  leases: true,
  // Of an index entry, of which PostgreSQL takes about 2,700 bytes, with every character escaped.
  maxKeyBytes: 1_024,
  maxValueBytes: 16 * 1024 * 1024,
})

// The time is told by each answer.
const NOW = 'extract(epoch from clock_timestamp())::float8 * 1000 as now'

/**
 * A `StateStore` on PostgreSQL 14 or newer, on the client that the application has: a Pool or Client of pg, postgres.js, PGlite. It never
 * connects, closes or configures it. Each operation is one statement, by the time of the server. What fails is an
 * `IntegrationError`, as `toIntegrationError` of the adapter pg makes it of what the client threw.
 *
 * @throws InvalidOptionsError when an option is wrong.
 */
export function postgresStateStore(client: PostgresLike, options: PostgresStoreOptions = {}): StateStore {
  const { schema, migrate } = resolveStoreOptions(options)
  const database = createDatabase(client, schema, migrate)
  const ask = async (text: string, values: readonly SqlValue[], signal?: AbortSignal): Promise<SqlRow> => {
    signal?.throwIfAborted()
    const answer = database.query(text, values).catch((error: unknown) => {
      throw toIntegrationError(error)
    })
    const [row] = await untilAborted(answer, signal)
    return row ?? {}
  }

  return {
    caps,
    get: async (key, signal) => {
      const row = await ask(
        `select s.value, s.version::text as version, ${NOW} from (select 1) one
         left join ${schema}.state s on s.key = $1::text and s.ends_at > clock_timestamp()`,
        [storedText(key)],
        signal,
      )
      return { entry: entryOf(row), nowMs: Number(row.now) }
    },
    compareAndSet: async (key, { expected, value, ttlMs }, signal) => {
      const row = await ask(
        `select written::int as written, value, version::text as version, ${NOW}
         from ${schema}.state_set($1::text, $2::text::uuid, $3::text, $4::float8)`,
        [
          storedText(key),
          expected === undefined ? null : versionOf(expected),
          value === undefined ? null : storedText(value),
          ttlMs === Infinity ? null : ttlMs,
        ],
        signal,
      )
      return { written: row.written === 1, entry: entryOf(row), nowMs: Number(row.now) }
    },
    acquire: async (name, leaseMs, signal) => {
      const { token } = await ask(
        `select ${schema}.lease_acquire($1::text, $2::float8)::text as token`,
        [storedText(name), leaseMs],
        signal,
      )
      return typeof token === 'string' ? { name, token: Number(token) } : undefined
    },
    renew: async ({ name, token }, leaseMs, signal) => {
      const { held } = await ask(
        `select ${schema}.lease_renew($1::text, $2::text::bigint, $3::float8)::int as held`,
        [storedText(name), String(token), leaseMs],
        signal,
      )
      return held === 1
    },
    release: async ({ name, token }, signal) => {
      await ask(
        `select ${schema}.lease_renew($1::text, $2::text::bigint, 0)::int as held`,
        [storedText(name), String(token)],
        signal,
      )
    },
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/
const NO_VERSION = '00000000-0000-0000-0000-000000000000'

/** What is no version of this store is none that is stored. */
function versionOf(expected: string): string {
  return UUID.test(expected) ? expected : NO_VERSION
}

function entryOf({ value, version }: SqlRow): StateEntry | undefined {
  return typeof value === 'string' && typeof version === 'string' ? { value: readText(value), version } : undefined
}

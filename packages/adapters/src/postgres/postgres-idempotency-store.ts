import { createHash } from 'node:crypto'
import { IntegrationError, oneOf, checkOptions } from '@holdfast/core'
import type { BufferDurability, IdempotencyStore } from '@holdfast/webhook-receiver'
import { toIntegrationError } from '../pg/to-integration-error.ts'
import { createDatabase } from './database.ts'
import type { PostgresLike, SqlRow, SqlValue } from './sql-client.ts'
import { defaultPostgresStoreOptions, type PostgresStoreOptions, storeChecks } from './store-options.ts'
import { storedText } from './text.ts'

/** How an idempotency store on PostgreSQL is made. */
export interface PostgresIdempotencyStoreOptions extends PostgresStoreOptions {
  /**
   * What a resolved `complete` means, as the server is configured: `fsync` with `synchronous_commit` on, `replicated` with synchronous standbys,
   * `memory` with `synchronous_commit` off. It is not asked. @defaultValue 'fsync'
   */
  readonly durability?: BufferDurability
}

/** The defaults of `PostgresIdempotencyStoreOptions`. */
export const defaultPostgresIdempotencyStoreOptions: Required<PostgresIdempotencyStoreOptions> = Object.freeze({
  ...defaultPostgresStoreOptions,
  durability: 'fsync',
})

const MAX_RESULT_BYTES = 16 * 1024 * 1024

/**
 * An `IdempotencyStore` on PostgreSQL 14 or newer, on the client that the application has: a Pool or Client of pg, postgres.js, PGlite. It never
 * connects, closes or configures it. Each operation is one statement, by the time of the server. What fails is an
 * `IntegrationError`, as `toIntegrationError` of the adapter pg makes it of what the client threw.
 *
 * An effect in the same database needs none: `context.transaction` of a destination on `postgresBuffer` makes it exactly once.
 *
 * @throws InvalidOptionsError when an option is wrong.
 */
export function postgresIdempotencyStore(
  client: PostgresLike,
  options: PostgresIdempotencyStoreOptions = {},
): IdempotencyStore {
  checkOptions('', options, { ...storeChecks, durability: oneOf('fsync', 'replicated', 'os', 'memory') })
  const { schema, migrate, durability } = { ...defaultPostgresIdempotencyStoreOptions, ...options }
  const database = createDatabase(client, schema, migrate)
  const ask = async (text: string, values: readonly SqlValue[]): Promise<SqlRow> => {
    try {
      return (await database.query(text, values))[0] ?? {}
    } catch (error) {
      throw toIntegrationError(error)
    }
  }

  return {
    caps: Object.freeze({ durability, multiProcess: true, maxResultBytes: MAX_RESULT_BYTES }),
    async begin(scope, id, { owner, leaseMs, ttlMs }) {
      const row = await ask(
        `select state, token::text as token, left_ms as left, result
         from ${schema}.effect_begin($1::bytea, $2::text, $3::text, $4::text, $5::float8, $6::float8)`,
        [
          fingerprintOf(scope, id),
          storedText(scope),
          storedText(id),
          storedText(owner),
          leaseMs,
          ttlMs === Infinity ? null : ttlMs,
        ],
      )
      if (row.state === 'new') return { state: 'new', token: Number(row.token) }
      if (row.state === 'busy') return { state: 'busy', leftMs: Number(row.left) }
      return { state: 'done', result: row.result === null ? undefined : new Uint8Array(row.result as Uint8Array) }
    },
    async renew(scope, id, token, leaseMs) {
      const { held } = await ask(
        `select ${schema}.effect_renew($1::bytea, $2::text::bigint, $3::float8)::int as held`,
        [fingerprintOf(scope, id), String(token), leaseMs],
      )
      return held === 1
    },
    async complete(scope, id, token, result) {
      if (result !== undefined && result.byteLength > MAX_RESULT_BYTES) throw resultTooLarge(result.byteLength)
      const { held } = await ask(
        `select ${schema}.effect_complete($1::bytea, $2::text::bigint, $3::bytea)::int as held`,
        // A copy: the client may keep it while it waits for a connection.
        [fingerprintOf(scope, id), String(token), result === undefined ? null : Buffer.from(result)],
      )
      return held === 1
    },
    async abandon(scope, id, token) {
      const { held } = await ask(`select ${schema}.effect_renew($1::bytea, $2::text::bigint, 0)::int as held`, [
        fingerprintOf(scope, id),
        String(token),
      ])
      return held === 1
    },
  }
}

// Ids may be longer than an entry of an index.
function fingerprintOf(scope: string, id: string): Buffer {
  return createHash('sha256').update(`${scope.length}:${scope}${id}`).digest()
}

function resultTooLarge(bytes: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'result_too_large',
    message: `The result has ${bytes} bytes; the store takes up to ${MAX_RESULT_BYTES}.`,
    phase: 'local',
  })
}

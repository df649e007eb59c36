export { postgresMigrations } from './migrations.ts'
export type { PostgresSchemaOptions } from './migrations.ts'
export type {
  ChannelListenerLike,
  PgListenerLike,
  PgListeningPoolLike,
  PgPooledListenerLike,
  PostgresListener,
} from './notifications.ts'
export { defaultPostgresBufferOptions } from './postgres-buffer-options.ts'
export type {
  PostgresBufferOptions,
  PostgresRetention,
  ResolvedPostgresBufferOptions,
} from './postgres-buffer-options.ts'
export { postgresBuffer } from './postgres-buffer.ts'
export { defaultPostgresIdempotencyStoreOptions, postgresIdempotencyStore } from './postgres-idempotency-store.ts'
export type { PostgresIdempotencyStoreOptions } from './postgres-idempotency-store.ts'
export { postgresStateStore } from './postgres-state-store.ts'
export type {
  PgClientLike,
  PgConnectionLike,
  PgliteLike,
  PgPooledConnectionLike,
  PgPoolLike,
  PostgresJsLike,
  PostgresLike,
  SqlClient,
  SqlQuery,
  SqlRow,
  SqlValue,
} from './sql-client.ts'
export { defaultPostgresStoreOptions } from './store-options.ts'
export type { PostgresStoreOptions } from './store-options.ts'

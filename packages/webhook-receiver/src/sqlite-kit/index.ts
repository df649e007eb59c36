export { runSqliteBatch, sqliteFailure } from './sqlite-batch.ts'
export type { SqliteFailure, SqliteLike, SqliteOutcome } from './sqlite-batch.ts'

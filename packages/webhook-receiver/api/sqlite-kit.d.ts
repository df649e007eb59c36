// @holdfast/webhook-receiver/sqlite-kit

export interface SqliteFailure {
    readonly message: string;
    readonly code: number | undefined;
}

export interface SqliteLike {
    exec(sql: string): unknown;
}

export type SqliteOutcome = {
    readonly kind: 'value';
    readonly value: unknown;
} | {
    readonly kind: 'failure';
    readonly failure: SqliteFailure;
};

export function runSqliteBatch(database: SqliteLike, calls: readonly (() => unknown)[], begin?: string): SqliteOutcome[];

export function sqliteFailure(error: unknown): SqliteFailure;

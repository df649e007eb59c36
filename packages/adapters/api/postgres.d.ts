// @holdfast/adapters/postgres

import { BufferDurability } from '@holdfast/webhook-receiver'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { IdempotencyStore } from '@holdfast/webhook-receiver'
import { ResolvedServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'
import { ServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'
import { StateStore } from '@holdfast/core'
import { defaultServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'

export interface ChannelListenerLike {
    readonly listen: (channel: string, onMessage: (payload: string) => void) => PromiseLike<unknown>;
}

export interface PgClientLike extends PgConnectionLike {
    escapeIdentifier(text: string): string;
}

export interface PgConnectionLike {
    query(text: string, values: unknown[]): Promise<{
        readonly rows: unknown[];
    }>;
}

export interface PgListenerLike {
    query(text: string): Promise<unknown>;
    on(event: 'notification', listener: OnNotification): unknown;
    removeListener(event: 'notification', listener: OnNotification): unknown;
}

export interface PgListeningPoolLike {
    readonly totalCount: number;
    connect(): Promise<PgPooledListenerLike>;
}

export interface PgPoolLike extends PgConnectionLike {
    readonly totalCount: number;
    connect(): Promise<PgPooledConnectionLike>;
}

export interface PgPooledConnectionLike extends PgConnectionLike {
    on(event: 'error', listener: (error: Error) => void): unknown;
    removeListener(event: 'error', listener: (error: Error) => void): unknown;
    release(error?: Error | boolean): void;
}

export interface PgPooledListenerLike extends PgListenerLike {
    on(event: 'error', listener: (error: Error) => void): unknown;
    on(event: 'notification', listener: OnNotification): unknown;
    removeListener(event: 'error', listener: (error: Error) => void): unknown;
    removeListener(event: 'notification', listener: OnNotification): unknown;
    release(error?: Error | boolean): void;
}

export interface PgliteLike {
    query(text: string, values?: unknown[]): Promise<{
        readonly rows: unknown[];
    }>;
    readonly transaction: (...args: never[]) => unknown;
    readonly waitReady: Promise<void>;
}

export interface PostgresBufferOptions extends PostgresStoreOptions, ServerBufferOptions {
    readonly name: string;
    readonly retention?: PostgresRetention;
    readonly pollMs?: number;
    readonly listener?: PostgresListener;
    readonly notify?: boolean;
}

export interface PostgresIdempotencyStoreOptions extends PostgresStoreOptions {
    readonly durability?: BufferDurability;
}

export interface PostgresJsLike {
    unsafe(text: string, values?: never[]): PromiseLike<readonly unknown[]>;
    readonly begin: (...args: never[]) => unknown;
}

export type PostgresLike = PgPoolLike | PgClientLike | PostgresJsLike | PgliteLike | SqlClient;

export type PostgresListener = PgListeningPoolLike | PgListenerLike | ChannelListenerLike;

export interface PostgresRetention {
    readonly minAgeMs?: number;
}

export interface PostgresSchemaOptions {
    readonly schema?: string;
}

export interface PostgresStoreOptions {
    readonly schema?: string;
    readonly migrate?: boolean;
}

export type ResolvedPostgresBufferOptions = ResolvedServerBufferOptions & Required<Pick<PostgresBufferOptions, 'name' | 'schema' | 'migrate' | 'pollMs' | 'notify'>> & {
    readonly retention: Required<PostgresRetention>;
    readonly listener: PostgresListener | undefined;
};

export interface SqlClient<Transaction = unknown> {
    readonly query: SqlQuery;
    readonly transaction: <Result>(work: (transaction: Transaction, query: SqlQuery) => Promise<Result>) => Promise<Result>;
}

export type SqlQuery = (text: string, values: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlValue = string | number | Uint8Array | null;

export const defaultPostgresBufferOptions: typeof defaultServerBufferOptions & Readonly<Pick<ResolvedPostgresBufferOptions, 'schema' | 'migrate' | 'retention' | 'pollMs'>>

export const defaultPostgresIdempotencyStoreOptions: Required<PostgresIdempotencyStoreOptions>

export const defaultPostgresStoreOptions: Required<PostgresStoreOptions>

export function postgresBuffer(client: PostgresLike, options: PostgresBufferOptions): EventBuffer;

export function postgresIdempotencyStore(client: PostgresLike, options?: PostgresIdempotencyStoreOptions): IdempotencyStore;

export function postgresMigrations(options?: PostgresSchemaOptions): string;

export function postgresStateStore(client: PostgresLike, options?: PostgresStoreOptions): StateStore;

type OnNotification = (message: {
    channel: string;
    payload?: string | undefined;
}) => void;

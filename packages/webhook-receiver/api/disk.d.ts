// @holdfast/webhook-receiver/disk

import { Clock } from '@holdfast/core'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { Random } from '@holdfast/core'

export interface DiskBufferOptions {
    readonly directory: string;
    readonly shards?: 'auto';
    readonly durability?: DiskDurability;
    readonly syncIntervalMs?: number;
    readonly preallocateBytes?: number;
    readonly segmentBytes?: number;
    readonly segmentMaxAgeMs?: number;
    readonly maxEventBytes?: number;
    readonly maxQueuedBytes?: number;
    readonly maxBatchBytes?: number;
    readonly dedupeWindowMs?: number;
    readonly encryption?: EncryptionOptions;
    readonly compression?: 'none' | 'auto' | 'zstd' | 'brotli';
    readonly maxBytes?: number;
    readonly minFreeBytes?: number;
    readonly retention?: Retention;
    readonly recovery?: RecoveryMode;
    readonly allowNetworkFileSystem?: boolean;
    readonly fileSystem?: FileSystem;
    readonly clock?: Clock;
    readonly random?: Random;
}

export type DiskDurability = 'fsync' | 'interval' | 'memory';

export interface EncryptionOptions {
    readonly keyId: string | (() => string | Promise<string>);
    readonly key: (id: string) => Uint8Array | Promise<Uint8Array>;
}

export interface FileLock {
    release(): Promise<void>;
}

export interface FileSystem {
    open(path: string, mode: 'create' | 'write' | 'read'): Promise<OpenFile>;
    list(directory: string): Promise<string[]>;
    makeDirectory(path: string): Promise<void>;
    syncDirectory(path: string): Promise<void>;
    remove(path: string): Promise<void>;
    rename(from: string, to: string): Promise<void>;
    identify(directory: string): Promise<string | undefined>;
    volume(directory: string): Promise<Volume>;
    lock(path: string): Promise<FileLock>;
}

export class LockHeldError extends Error {
    readonly name: string;
    readonly code: "ELOCKED";
}

export interface OpenFile {
    size(): Promise<number>;
    read(target: Uint8Array, position: number): Promise<number>;
    write(chunks: readonly Uint8Array[], position: number): Promise<number>;
    truncate(length: number): Promise<void>;
    datasync(): Promise<void>;
    close(): Promise<void>;
}

export interface SqliteBufferOptions {
    readonly directory: string;
    readonly maxEventBytes?: number;
    readonly maxQueuedBytes?: number;
    readonly dedupeWindowMs?: number;
    readonly retentionMs?: number;
    readonly clock?: Clock;
}

export function diskBuffer(options: DiskBufferOptions): EventBuffer;

export function nodeFileSystem(): FileSystem;

export function sqliteBuffer(options: SqliteBufferOptions): EventBuffer;

type RecoveryMode = 'resync' | 'strict' | 'salvage';

interface Retention {
    readonly minAgeMs?: number;
    readonly maxBytes?: number;
}

interface Volume {
    readonly kind: 'local' | 'network' | 'volatile' | 'unknown';
    readonly name: string;
    readonly freeBytes: number;
    readonly totalBytes: number;
}

// @holdfast/adapters/file

import { IdempotencyStore } from '@holdfast/webhook-receiver'
import { StateStore } from '@holdfast/core'

export interface FileIdempotencyStore extends IdempotencyStore, AsyncDisposable {
    close(): Promise<void>;
}

export interface FileIdempotencyStoreOptions extends FileStoreOptions {
    readonly durability?: 'fsync' | 'os';
}

export interface FileStateStore extends StateStore, AsyncDisposable {
    close(): Promise<void>;
}

export interface FileStoreOptions {
    readonly directory: string;
}

export const defaultFileIdempotencyStoreOptions: Required<Pick<FileIdempotencyStoreOptions, 'durability'>>

export function fileIdempotencyStore(options: FileIdempotencyStoreOptions): FileIdempotencyStore;

export function fileStateStore(options: FileStoreOptions): FileStateStore;

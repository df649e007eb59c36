// @holdfast/adapters/redis

import { BufferDurability } from '@holdfast/webhook-receiver'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { IdempotencyStore } from '@holdfast/webhook-receiver'
import { IntegrationError } from '@holdfast/core'
import { ResolvedServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'
import { ServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'
import { StateStore } from '@holdfast/core'
import { ToIntegrationErrorOptions } from '@holdfast/core'
import { defaultServerBufferOptions } from '@holdfast/webhook-receiver/buffer-kit'

export interface BinaryIoredisLike extends IoredisLike {
    callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
}

export interface BinaryNodeRedisLike extends NodeRedisLike {
    withTypeMapping(mapping: {
        36: typeof Buffer;
    }): {
        eval(script: string, options: {
            keys: string[];
            arguments: (string | Buffer)[];
        }): Promise<unknown>;
        evalSha(sha: string, options: {
            keys: string[];
            arguments: (string | Buffer)[];
        }): Promise<unknown>;
        configGet(parameter: string): Promise<unknown>;
    };
}

export type BinaryRedisLike = BinaryIoredisLike | BinaryNodeRedisLike;

export interface BunRedisLike {
    send(command: string, args: string[]): Promise<unknown>;
}

export type ClusterRedisLike = (BinaryIoredisLike & {
    nodes(role: 'master'): SingleRedisLike[];
}) | (BinaryNodeRedisLike & {
    readonly masters: readonly object[];
    nodeClient(node: never): Promise<SingleRedisLike>;
});

export interface IoredisLike {
    readonly defineCommand: (...args: never[]) => unknown;
    eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export interface NodeRedisLike {
    eval(script: string, options: {
        keys: string[];
        arguments: string[];
    }): Promise<unknown>;
}

export interface RedisBufferOptions extends ServerBufferOptions {
    readonly name: string;
    readonly prefix?: string;
    readonly durability?: BufferDurability;
    readonly waitAof?: RedisWaitAof;
    readonly retention?: RedisRetention;
    readonly pollMs?: number;
}

export interface RedisIdempotencyStoreOptions {
    readonly prefix?: string;
    readonly durability?: BufferDurability;
}

export type RedisLike = IoredisLike | NodeRedisLike | BunRedisLike;

export interface RedisRetention {
    readonly minAgeMs?: number;
    readonly maxBytes?: number;
}

export interface RedisStateStoreOptions {
    readonly prefix?: string;
}

export interface RedisWaitAof {
    readonly client: SingleRedisLike | ClusterRedisLike;
    readonly replicas?: number;
}

export type SingleRedisLike = BunRedisLike | BinaryIoredisLike | (BinaryNodeRedisLike & {
    sendCommand(args: string[]): Promise<unknown>;
});

export interface ToIntegrationErrorOptions {
    readonly connector?: Connector;
    readonly connection?: string;
    readonly signal?: AbortSignal | null;
}

export const defaultRedisBufferOptions: typeof defaultServerBufferOptions & Readonly<Pick<ResolvedRedisBufferOptions, 'prefix' | 'retention' | 'pollMs'>>

export const defaultRedisIdempotencyStoreOptions: Required<RedisIdempotencyStoreOptions>

export const defaultRedisStateStoreOptions: Required<RedisStateStoreOptions>

export function redisBuffer(client: BinaryRedisLike | BunRedisLike, options: RedisBufferOptions): EventBuffer;

export function redisIdempotencyStore(client: BinaryRedisLike | BunRedisLike, options?: RedisIdempotencyStoreOptions): IdempotencyStore;

export function redisStateStore(client: RedisLike, options?: RedisStateStoreOptions): StateStore;

export function toIntegrationError(error: unknown, options?: ToIntegrationErrorOptions): IntegrationError;

type ResolvedRedisBufferOptions = ResolvedServerBufferOptions & Required<Pick<RedisBufferOptions, 'name' | 'prefix' | 'pollMs'>> & {
    readonly retention: Required<RedisRetention>;
    readonly waitAof: Required<RedisWaitAof> | undefined;
};

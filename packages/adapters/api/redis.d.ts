// @holdfast/adapters/redis

import { IntegrationError } from '@holdfast/core'
import { StateStore } from '@holdfast/core'
import { ToIntegrationErrorOptions } from '@holdfast/core'

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

export type RedisLike = IoredisLike | NodeRedisLike;

export interface RedisStateStoreOptions {
    readonly prefix?: string;
}

export interface ToIntegrationErrorOptions {
    readonly connector?: Connector;
    readonly connection?: string;
    readonly signal?: AbortSignal | null;
}

export const defaultRedisStateStoreOptions: Required<RedisStateStoreOptions>

export function redisStateStore(client: RedisLike, options?: RedisStateStoreOptions): StateStore;

export function toIntegrationError(error: unknown, options?: ToIntegrationErrorOptions): IntegrationError;

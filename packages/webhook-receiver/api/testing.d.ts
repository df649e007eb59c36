// @holdfast/webhook-receiver/testing

import { Clock } from '@holdfast/core'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { IdempotencyStore } from '@holdfast/webhook-receiver'
import { Receiver } from '@holdfast/webhook-receiver'

export type BufferCapability = 'clock' | 'leases';

export interface BufferHarness {
    readonly create: () => Promise<BufferUnderTest>;
}

export interface BufferUnderTest {
    readonly buffer: EventBuffer;
    readonly reopen: () => Promise<EventBuffer>;
    readonly advance?: (ms: number) => Promise<void>;
    readonly dispose: () => Promise<void>;
}

export interface ConformanceCase {
    readonly title: string;
    readonly requires?: BufferCapability;
    readonly run: (harness: BufferHarness) => Promise<void>;
}

export interface ConnectorFinding {
    readonly severity: 'error' | 'warning';
    readonly code: ConnectorFindingCode;
    readonly path: string;
    readonly message: string;
}

export type ConnectorFindingCode = 'malformed' | 'no_source' | 'stale_source' | 'future_source' | 'no_vector' | 'failing_vector' | 'forgeable_vector' | 'wrong_signed' | 'unseen_field';

export type FrameworkCapability = 'any-bytes' | 'header-case' | 'header-bytes' | 'repeated-headers' | 'url-encoding' | 'exact-url' | 'head-method' | 'streaming-body' | 'abort' | 'remote-address' | 'prefix';

export interface FrameworkConformanceCase {
    readonly title: string;
    readonly requires?: FrameworkCapability;
    readonly run: (harness: FrameworkHarness) => Promise<void>;
}

export interface FrameworkHarness {
    readonly capabilities: readonly FrameworkCapability[];
    readonly parsers: readonly FrameworkParser[];
    readonly maxBodyBytes?: number;
    readonly start: (mount: FrameworkMount) => Promise<FrameworkServer>;
}

export interface FrameworkMount {
    readonly receiver: WebhookIntake;
    readonly prefix?: string;
    readonly parser?: string;
}

export interface FrameworkParser {
    readonly name: string;
    readonly contentType: string;
    readonly body: string;
    readonly blames: readonly (string | RegExp)[];
}

export interface FrameworkServer {
    readonly origin: string;
    readonly stop: () => Promise<void>;
}

export type IdempotencyCapability = 'multiProcess' | 'durable';

export interface IdempotencyCase {
    readonly title: string;
    readonly requires?: IdempotencyCapability;
    readonly run: (harness: IdempotencyHarness) => Promise<void>;
}

export interface IdempotencyHarness {
    readonly create: () => Promise<IdempotencyUnderTest>;
}

export interface IdempotencyUnderTest {
    readonly store: IdempotencyStore;
    readonly another?: () => Promise<IdempotencyStore>;
    readonly reopen?: () => Promise<IdempotencyStore>;
    readonly advance: (ms: number) => Promise<void>;
    readonly dispose: () => Promise<void>;
}

export interface LintOptions {
    readonly maxAgeDays?: number;
    readonly clock?: Clock;
}

export interface MemoryBufferOptions {
    readonly partitions?: number;
    readonly clock?: Clock;
    readonly maxEventBytes?: number;
    readonly dedupeWindowMs?: number;
}

export type WebhookIntake = Pick<Receiver, 'accept' | 'handle'>;

export const bufferConformance: readonly ConformanceCase[]

export const frameworkConformance: readonly FrameworkConformanceCase[]

export const idempotencyStoreConformance: readonly IdempotencyCase[]

export function lintConnector(value: unknown, options?: LintOptions): Promise<readonly ConnectorFinding[]>;

export function memoryBuffer(options?: MemoryBufferOptions): EventBuffer;

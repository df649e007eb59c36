// @holdfast/webhook-receiver/testing

import { Clock } from '@holdfast/core'
import { Connector } from '@holdfast/core'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { HeaderPairs } from '@holdfast/webhook-receiver'
import { IdempotencyStore } from '@holdfast/webhook-receiver'
import { KeyFetcher } from '@holdfast/webhook-receiver'
import { Random } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'
import { VerificationScheme } from '@holdfast/core'

export type BufferCapability = 'clock' | 'leases' | 'crash';

export interface BufferHarness {
    readonly create: () => Promise<BufferUnderTest>;
}

export interface BufferUnderTest {
    readonly buffer: EventBuffer;
    readonly reopen: () => Promise<EventBuffer>;
    readonly advance?: (ms: number) => Promise<void>;
    readonly crash?: () => Promise<EventBuffer>;
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

export interface GenerateWebhookKeyOptions {
    readonly connector: Connector;
    readonly scheme?: SchemeChoice;
    readonly algorithm?: string;
    readonly secret?: string;
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

export type SchemeChoice = number | VerificationScheme['scheme'];

export interface SignRequestOptions {
    readonly connector: Connector;
    readonly key?: string | SigningKey;
    readonly scheme?: SchemeChoice;
    readonly body?: WebhookBody;
    readonly url?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>> | HeaderPairs;
    readonly timestamp?: number | Date;
    readonly id?: string;
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly clock?: Clock;
    readonly random?: Random;
}

export interface SignedRequest {
    readonly method: string;
    readonly url: string;
    readonly headers: HeaderPairs;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly receivedAt: number;
    readonly request: Request;
}

export interface SigningKey {
    readonly secret?: string;
    readonly privateKey?: string;
    readonly keyId?: string;
    readonly keyUrl?: string;
    readonly algorithm?: string;
    readonly scheme?: number;
}

export type WebhookBody = string | Uint8Array | ArrayBuffer | URLSearchParams | object;

export type WebhookIntake = Pick<Receiver, 'accept' | 'handle'>;

export interface WebhookKey extends SigningKey {
    readonly scheme: number;
    readonly source: WebhookKeySource;
}

export interface WebhookKeySource {
    readonly secrets: readonly string[];
    readonly keys?: KeyFetcher;
    readonly keyUrl?: string;
}

export const bufferConformance: readonly ConformanceCase[]

export function fixedKeys(documents: Readonly<Record<string, string>>): KeyFetcher;

export const frameworkConformance: readonly FrameworkConformanceCase[]

export function generateWebhookKey(options: GenerateWebhookKeyOptions): Promise<WebhookKey>;

export const idempotencyStoreConformance: readonly IdempotencyCase[]

export function lintConnector(value: unknown, options?: LintOptions): Promise<readonly ConnectorFinding[]>;

export function memoryBuffer(options?: MemoryBufferOptions): EventBuffer;

export function signRequest(options: SignRequestOptions): Promise<SignedRequest>;

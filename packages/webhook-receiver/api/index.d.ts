// @holdfast/webhook-receiver

import { BaseEventMap } from '@holdfast/core'
import { Clock } from '@holdfast/core'
import { Connector } from '@holdfast/core'
import { EventSource } from '@holdfast/core'
import { IntegrationError } from '@holdfast/core'
import { Random } from '@holdfast/core'
import { VerificationScheme } from '@holdfast/core'
import { WebhookField } from '@holdfast/core'

export interface AppendResult {
    readonly status: 'appended' | 'duplicate';
    readonly partition: number;
    readonly position: Position;
}

export type AuthorizeKeyRequest = (request: KeyRequest) => KeyAuthorization | Promise<KeyAuthorization>;

export interface BackupOptions extends UrlOptions, FailoverOptions {
    readonly handle?: Handler;
}

export interface BatchItem {
    readonly id: string;
    readonly index: number;
    readonly size: number;
}

export interface BeginOptions {
    readonly owner: string;
    readonly leaseMs: number;
    readonly ttlMs: number;
}

export type Beginning = {
    readonly state: 'new';
    readonly token: number;
} | {
    readonly state: 'busy';
    readonly leftMs: number;
} | {
    readonly state: 'done';
    readonly result: Uint8Array | undefined;
};

export type BoundPart = 'body' | 'url' | 'method' | 'timestamp' | 'id' | `header:${string}` | `query:${string}` | `field:${string}`;

export interface BreakerOptions {
    readonly failures?: number;
    readonly breakMs?: number;
    readonly maxBreakMs?: number;
}

export interface BufferCaps {
    readonly durability: BufferDurability;
    readonly partitions: number;
    readonly adopts?: boolean;
    readonly multiProcess: boolean;
    readonly maxEventBytes: number;
    readonly dedupeWindowMs: number;
    readonly transactionalAck: boolean;
    readonly asideMarks?: boolean;
}

export type BufferDurability = 'fsync' | 'replicated' | 'os' | 'memory';

export class BufferError extends IntegrationError {
    readonly name: string;
    readonly reason: BufferErrorReason;
    constructor(reason: BufferErrorReason, message: string, options?: {
        readonly retryAfterMs?: number;
        readonly cause?: unknown;
    });
}

export type BufferErrorReason = 'buffer_locked' | 'buffer_unusable' | 'buffer_full' | 'buffer_overloaded' | 'buffer_failed' | 'event_too_large' | 'buffer_closed' | 'stale_lease' | 'already_done';

export interface BufferStats {
    readonly events: number;
    readonly bytes: number;
    readonly lost: number;
    readonly consumers: readonly ConsumerStats[];
    readonly heldBytes?: Readonly<Record<string, number>>;
}

export interface BufferWarning {
    readonly reason: 'volatile_file_system' | 'network_file_system' | 'cursor_lost' | 'meta_lost';
    readonly message: string;
}

export interface ConfirmOptions {
    readonly connector: Connector;
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
    readonly timeoutMs?: number;
    readonly clock?: Clock;
}

export type ConfirmableEvent = Pick<WebhookEvent, 'body' | 'method' | 'rawHeaders' | 'receivedAt' | 'url'>;

export interface Consumer {
    readonly name: string;
    attend(options: {
        readonly owner: string;
        readonly leaseMs: number;
    }): Promise<string[]>;
    acquire(options: {
        readonly owner: string;
        readonly leaseMs: number;
        readonly max?: number;
    }): Promise<Lease[]>;
    read(lease: Lease, after: Position | null, options: {
        readonly limit: number;
        readonly maxBytes: number;
        readonly waitMs: number;
        readonly lingerMs?: number;
        readonly signal?: AbortSignal;
    }): Promise<LogEntry[]>;
    load(lease: Lease): Promise<CursorState>;
    commit(lease: Lease, delta: CursorDelta): Promise<void>;
    withTransaction?<Result>(lease: Lease, delta: CursorDelta, work: (transaction: unknown) => Promise<Result>): Promise<Result>;
    park(lease: Lease, events: readonly ParkedEvent[]): Promise<void>;
    parkedLanes(lease: Lease): Promise<ParkedLane[]>;
    readParked(lease: Lease, lane: string, options: {
        readonly limit: number;
        readonly maxBytes: number;
    }): Promise<ParkedEntry[]>;
    deadLetter(lease: Lease, letters: readonly DeadLetter[]): Promise<void>;
    deadLetters(): AsyncIterable<DeadLetter>;
    deadLanes(lease: Lease): Promise<string[]>;
    redrive(places: readonly EventPlace[]): Promise<number>;
    asideMark?(lease: Lease): Promise<string>;
    purge(places: readonly EventPlace[]): Promise<number>;
    renew(lease: Lease, leaseMs: number): Promise<boolean>;
    release(lease: Lease): Promise<void>;
}

export interface ConsumerStats {
    readonly name: string;
    readonly backlog: number;
    readonly parked: number;
    readonly deadLetters: number;
}

export interface CursorDelta {
    readonly done?: readonly Position[];
    readonly retry?: readonly RetryState[];
}

export interface CursorState {
    readonly lowWater: Position | null;
    readonly done: readonly Position[];
    readonly retry: readonly RetryState[];
}

export interface DeadLetter extends SetAside {
    readonly why: FailureInfo;
}

export type DeadLetterChoice = EventQuery | {
    readonly all: true;
};

export interface DeadLetters {
    list(query?: EventQuery): AsyncIterable<DeadLetter>;
    redrive(choice: DeadLetterChoice, options?: {
        readonly ratePerSecond?: number;
        readonly signal?: AbortSignal;
    }): Promise<number>;
    purge(choice: DeadLetterChoice): Promise<number>;
}

export interface DeliveryContext {
    readonly destination: string;
    readonly attempt: number;
    readonly signal: AbortSignal;
    readonly deadline: number;
    readonly fencingToken: number;
    readonly once: {
        <Result>(run: (effect: Effect) => Promise<Result> | Result): Promise<Result>;
        <Result>(effectId: string, run: (effect: Effect) => Promise<Result> | Result): Promise<Result>;
    };
    readonly transaction: <Transaction, Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;
}

export interface DestinationControl {
    readonly name: string;
    status(): Promise<DestinationStatus>;
    pause(): void;
    resume(): void;
    disable(options?: {
        readonly timeoutMs?: number;
    }): Promise<void>;
    detach(options?: {
        readonly timeoutMs?: number;
    }): Promise<void>;
    resumeKey(key: string): Promise<boolean>;
    readonly deadLetters: DeadLetters;
    replay(options?: ReplayOptions): Promise<ReplayReport>;
}

export type DestinationMode = 'active' | 'paused' | 'disabled' | 'detached';

export interface DestinationOptions extends UrlOptions {
    readonly handle?: Handler;
    readonly backup?: BackupOptions;
    readonly orderingKey?: (event: WebhookEvent) => string | null | undefined;
    readonly concurrency?: number;
    readonly ratePerSecond?: number;
    readonly pace?: PaceOptions;
    readonly breaker?: BreakerOptions | boolean;
    readonly timeoutMs?: number;
    readonly maxAttempts?: number;
    readonly baseDelayMs?: number;
    readonly maxDelayMs?: number;
    readonly onExhausted?: ExhaustionPolicy;
    readonly maxParkedEvents?: number;
    readonly maxParkedBytes?: number;
    readonly idempotency?: IdempotencyStore;
    readonly idempotencyTtlMs?: number;
}

export interface DestinationSnapshot {
    readonly state: 'stopped' | 'draining' | 'idle';
    readonly inWindow: number;
    readonly inFlight: number;
    readonly parked: number;
    readonly blockedKeys: number;
    readonly delivered: number;
    readonly retried: number;
    readonly deadLettered: number;
}

export interface DestinationStatus extends DestinationSnapshot {
    readonly mode: DestinationMode;
    readonly backlog: number;
    readonly deadLetters: number;
    readonly breaker: 'closed' | 'open' | 'half-open';
    readonly ratePerSecond: number;
    readonly isOnBackup: boolean;
}

export interface DrainOnceOptions {
    readonly deadlineMs: number;
    readonly graceMs?: number;
    readonly signal?: AbortSignal;
}

export interface DrainReport extends DrainedDestination {
    readonly endedBy: 'empty' | 'deadline';
    readonly durationMs: number;
    readonly destinations: Readonly<Record<string, DrainedDestination>>;
}

export interface DrainedDestination {
    readonly delivered: number;
    readonly retried: number;
    readonly deadLettered: number;
    readonly backlog: number;
}

export interface Effect {
    readonly token: number;
    readonly signal: AbortSignal;
}

export interface EventBuffer {
    readonly caps: BufferCaps;
    open(): Promise<OpenReport>;
    append(events: readonly NewEvent[]): Promise<AppendResult[]>;
    openConsumer(name: string, options?: {
        readonly from?: 'earliest' | 'latest';
    }): Promise<Consumer>;
    removeConsumer(name: string): Promise<void>;
    read(partition: number, after: Position | null, options: {
        readonly limit: number;
        readonly maxBytes: number;
    }): Promise<LogEntry[]>;
    positionBefore(partition: number, at: number): Promise<Position | null>;
    stats(): Promise<BufferStats>;
    onAdopted?(listener: (report: OpenReport) => void): () => void;
    close(): Promise<void>;
}

export interface EventPlace {
    readonly partition: number;
    readonly position: Position;
}

export interface EventQuery {
    readonly ids?: readonly string[];
    readonly sources?: readonly string[];
    readonly types?: readonly string[];
    readonly tenants?: readonly string[];
    readonly from?: Date | number;
    readonly to?: Date | number;
    readonly where?: (event: StoredEvent) => boolean;
}

export type ExhaustionPolicy = 'deadLetter' | 'blockKey' | 'deadLetterKey';

export interface FailoverOptions {
    readonly failures?: number;
    readonly probeEveryMs?: number;
    readonly successes?: number;
}

export interface FailureInfo {
    readonly attempts: number;
    readonly at: number;
    readonly code?: string;
    readonly message: string;
}

export interface HandedSecret {
    readonly source: string;
    readonly secret: string;
    readonly url: string;
    readonly headers: HeaderPairs;
    readonly remoteAddress?: string;
}

export type Handler = (event: WebhookEvent, context: DeliveryContext) => Promise<void> | void;

export interface HandshakeOptions {
    readonly verifyToken?: string;
    readonly publicKey?: string;
    readonly saveSecret?: (handed: HandedSecret) => MaybePromise<void>;
    readonly acceptSecret?: (handed: HandedSecret) => MaybePromise<boolean>;
}

export type HeaderPairs = readonly (readonly [
    name: string,
    value: string
])[];

export interface Hole {
    readonly partition: number;
    readonly from: Position;
    readonly to: Position;
    readonly lost: number;
}

export interface IdempotencyCaps {
    readonly durability: BufferDurability;
    readonly multiProcess: boolean;
    readonly maxResultBytes: number;
}

export interface IdempotencyStore {
    readonly caps: IdempotencyCaps;
    begin(scope: string, id: string, options: BeginOptions): Promise<Beginning>;
    renew(scope: string, id: string, token: number, leaseMs: number): Promise<boolean>;
    complete(scope: string, id: string, token: number, result?: Uint8Array): Promise<boolean>;
    abandon(scope: string, id: string, token: number): Promise<boolean>;
}

export interface IncomingWebhook {
    readonly method: string;
    readonly url: string;
    readonly headers: HeaderPairs;
    readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
    readonly remoteAddress?: string;
}

export interface KeyAuthorization {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Readonly<Record<string, unknown>>;
}

export interface KeyDocument {
    readonly text: string;
    readonly maxAgeMs?: number;
}

export interface KeyFetcher {
    fetchKey(request: KeyRequest): Promise<KeyDocument | undefined>;
    readonly trustedCertificates?: readonly string[];
}

export interface KeyFetcherOptions {
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
    readonly credentials?: Readonly<Record<string, AuthorizeKeyRequest>>;
    readonly timeoutMs?: number;
    readonly maxBytes?: number;
    readonly trustedCertificates?: readonly string[];
    readonly clock?: Clock;
}

export interface KeyRequest {
    readonly connector: string;
    readonly url: string;
    readonly method: 'GET' | 'POST';
    readonly keyId?: string;
    readonly authorized: boolean;
}

export interface Lease {
    readonly partition: number;
    readonly epoch: number;
    readonly expiresAt: number;
}

export type LogEntry = {
    readonly kind: 'event';
    readonly event: StoredEvent;
} | {
    readonly kind: 'hole';
    readonly hole: Hole;
};

export type MaybePromise<Value> = Value | Promise<Value>;

export interface MemoryIdempotencyStoreOptions {
    readonly clock?: Clock;
}

export interface MoveOptions {
    readonly onProgress?: (report: MoveReport) => void;
    readonly onWait?: (wait: {
        readonly consumer: string;
    }) => void;
    readonly signal?: AbortSignal;
    readonly waitMs?: number;
    readonly clock?: Clock;
}

export interface MoveReport {
    readonly moved: number;
    readonly duplicates: number;
    readonly lost: number;
}

export interface NewEvent {
    readonly id: string;
    readonly source: string;
    readonly tenant?: string;
    readonly key?: string;
    readonly type?: string;
    readonly eventId?: string;
    readonly receivedAt: number;
    readonly occurredAt?: number;
    readonly batch?: BatchItem;
    readonly method: string;
    readonly url: string;
    readonly remoteAddress?: string;
    readonly headers: HeaderPairs;
    readonly body: Uint8Array;
}

export interface NotVerified {
    readonly ok: false;
    readonly code: 'signature_invalid' | 'timestamp_stale' | 'upstream_unavailable';
    readonly reason: VerifyFailureReason;
    readonly hint?: VerificationHint;
    readonly retryAfterMs?: number;
    readonly cause?: unknown;
}

export interface OpenReport {
    readonly durationMs: number;
    readonly scannedBytes: number;
    readonly tornBytes: number;
    readonly holes: readonly Hole[];
    readonly lostAside: number;
    readonly salvaged?: number;
    readonly warnings?: readonly BufferWarning[];
}

export interface PaceOptions {
    readonly min: number;
    readonly max: number;
    readonly start?: number;
    readonly risePerSecond?: number;
    readonly fallTo?: number;
    readonly slowMs?: number;
}

export type ParkedEntry = {
    readonly kind: 'event';
    readonly parked: ParkedEvent;
} | {
    readonly kind: 'hole';
    readonly hole: Hole;
};

export interface ParkedEvent extends SetAside {
    readonly attempts: number;
    readonly nextAt: number;
    readonly blocked?: FailureInfo;
}

export interface ParkedLane {
    readonly lane: string;
    readonly events: number;
    readonly bytes: number;
    readonly head: Pick<ParkedEvent, 'attempts' | 'nextAt' | 'blocked'> & {
        readonly position: Position;
    };
}

export type PartitionKey = (event: Omit<WebhookEvent, 'key' | 'partition' | 'position'>) => string | null | undefined;

export type Position = string;

export type PublicUrl = string | ((request: PublicUrlRequest) => string);

export interface PublicUrlRequest {
    readonly method: string;
    readonly url: string;
    readonly headers: HeaderPairs;
}

export interface Receiver extends EventSource<ReceiverEventMap>, AsyncDisposable {
    start(options?: StartOptions): Promise<void>;
    handle(source: string, request: Request): Promise<Response>;
    accept(source: string, incoming: IncomingWebhook): Promise<WebhookReply>;
    snapshot(): ReceiverSnapshot;
    drained(options?: {
        readonly signal?: AbortSignal;
    }): Promise<void>;
    drainOnce(options: DrainOnceOptions): Promise<DrainReport>;
    destination(name: string): DestinationControl;
    stop(options?: {
        readonly timeoutMs?: number;
    }): Promise<void>;
}

export interface ReceiverEventMap extends BaseEventMap {
    'buffer:opened': OpenReport;
    'buffer:lost': Hole;
    'webhook:accepted': OfStored;
    'webhook:duplicate': OfStored;
    'webhook:empty': OfRequest & OfVerification;
    'webhook:handshake': OfRequest & {
        readonly handshake: string;
        readonly status: number;
    };
    'webhook:refused': OfRequest & {
        readonly status: number;
        readonly error: IntegrationError;
        readonly hint?: VerificationHint;
    };
    'delivery:succeeded': OfDelivery & {
        readonly durationMs: number;
    };
    'delivery:retried': OfDelivery & {
        readonly durationMs: number;
        readonly delayMs: number;
        readonly error: unknown;
    };
    'delivery:dead-lettered': OfDelivery & {
        readonly error: unknown;
    };
    'destination:paused': {
        readonly destination: string;
        readonly cause: 'failures' | 'request';
        readonly breakMs?: number;
        readonly error?: unknown;
    };
    'destination:resumed': {
        readonly destination: string;
        readonly cause: 'success' | 'request';
    };
    'destination:failed-over': {
        readonly destination: string;
        readonly error: unknown;
    };
    'destination:failed-back': {
        readonly destination: string;
        readonly cause: 'probes' | 'backup_failed';
    };
    'key:parked': OfKey;
    'key:blocked': OfDelivery & OfKey & {
        readonly error: unknown;
    };
    'key:recovered': OfKey;
    'drain:parking-full': {
        readonly destination: string;
        readonly events: number;
        readonly bytes: number;
    };
    'drain:failed': {
        readonly destination: string;
        readonly error: unknown;
        readonly retryInMs: number;
    };
    'drain:idle': {
        readonly destination: string;
    };
}

export interface ReceiverOptions {
    readonly buffer: EventBuffer;
    readonly sources: Readonly<Record<string, SourceOptions>>;
    readonly destinations: Readonly<Record<string, DestinationOptions>>;
    readonly idempotency?: IdempotencyStore;
    readonly leaseMs?: number;
    readonly maxInFlightRequests?: number;
    readonly maxInFlightBytes?: number;
    readonly clock?: Clock;
    readonly random?: Random;
}

export interface ReceiverSnapshot {
    readonly state: 'created' | 'running' | 'stopped';
    readonly accepted: number;
    readonly duplicates: number;
    readonly refused: number;
    readonly destinations: Readonly<Record<string, DestinationSnapshot>>;
}

export interface ReplayOptions extends EventQuery {
    readonly after?: {
        readonly partition?: number;
        readonly position: Position;
    };
    readonly upTo?: Position;
    readonly ratePerSecond?: number;
    readonly maxAttempts?: number;
    readonly signal?: AbortSignal;
}

export interface ReplayReport {
    readonly delivered: number;
    readonly failed: number;
    readonly failures: readonly {
        readonly id: string;
        readonly position: Position;
        readonly message: string;
    }[];
    readonly durationMs: number;
}

export interface ResolvedSecrets {
    readonly resolve: SecretResolver;
    readonly tenantOf?: (request: VerifiableRequest) => string | undefined;
    readonly ttlMs?: number;
    readonly negativeTtlMs?: number;
    readonly maxTenants?: number;
    readonly timeoutMs?: number;
}

export interface RetryState {
    readonly position: Position;
    readonly attempts: number;
    readonly nextAt: number;
}

export interface SecretQuery {
    readonly source: string;
    readonly tenant?: string;
    readonly signal: AbortSignal;
}

export type SecretResolver = (query: SecretQuery) => MaybePromise<readonly (string | WebhookSecret)[]>;

export type SecretsOption = readonly (string | undefined | WebhookSecret)[] | SecretResolver | ResolvedSecrets;

export interface SetAside {
    readonly event: StoredEvent;
    readonly lane: string;
    readonly redrives: number;
}

export interface SignableRequest {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly event: WebhookEvent;
}

export interface SourceOptions {
    readonly connector: Connector;
    readonly secrets?: SecretsOption;
    readonly allowUnverified?: boolean;
    readonly keys?: KeyFetcher;
    readonly keyUrl?: string;
    readonly toleranceMs?: number;
    readonly publicUrl?: PublicUrl;
    readonly handshake?: HandshakeOptions;
    readonly partitionKey?: PartitionKey;
    readonly maxBodyBytes?: number;
}

export interface StartOptions {
    readonly drain?: boolean;
}

export interface StoredEvent extends NewEvent {
    readonly body: Uint8Array<ArrayBuffer>;
    readonly partition: number;
    readonly position: Position;
}

export interface UrlOptions {
    readonly url?: string | URL | ((event: WebhookEvent) => string | URL | Promise<string | URL>);
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>> | ((event: WebhookEvent, context: DeliveryContext) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);
    readonly forwardHeaders?: readonly string[];
    readonly fetch?: typeof globalThis.fetch;
    readonly sign?: (request: SignableRequest) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

export interface VerifiableRequest {
    readonly headers: HeaderPairs;
    readonly body: Uint8Array;
    readonly receivedAt: number;
    readonly method?: string;
    readonly url?: string;
}

export type VerificationHint = 'body_empty' | 'body_reencoded' | 'body_trimmed' | 'body_padded' | 'body_line_ends' | 'body_charset' | 'url_scheme' | 'url_trailing_slash' | 'secret_whitespace' | 'secret_quotes' | 'secret_encoding' | 'secret_not_valid_now' | 'timestamp_unit';

export interface Verified {
    readonly ok: true;
    readonly scheme: VerificationScheme['scheme'];
    readonly bound: readonly BoundPart[];
    readonly strength: 'signature' | 'partial' | 'token' | 'none';
    readonly eventId?: WebhookField;
    readonly keyIndex: number;
    readonly keyId?: string;
    readonly claims?: Readonly<Record<string, unknown>>;
}

export interface Verifier {
    verify(request: VerifiableRequest): MaybePromise<VerifyResult>;
}

export interface VerifierOptions {
    readonly connector: Connector;
    readonly secrets?: SecretsOption;
    readonly allowUnverified?: boolean;
    readonly keys?: KeyFetcher;
    readonly keyUrl?: string;
    readonly toleranceMs?: number;
}

export type VerifyFailureReason = 'missing_header' | 'missing_field' | 'missing_token' | 'missing_url' | 'malformed_signature' | 'mismatch' | 'unsigned_body' | 'body_mismatch' | 'could_be_challenge' | 'url_mismatch' | 'wrong_recipient' | 'wrong_claim' | 'missing_claim' | 'insufficient_coverage' | 'unexpected_algorithm' | 'malformed_timestamp' | 'stale_timestamp' | 'future_timestamp' | 'duplicate_header' | 'duplicate_field' | 'unknown_key' | 'key_unavailable';

export type VerifyResult = Verified | NotVerified;

export interface WebhookEvent extends Omit<StoredEvent, 'headers'> {
    readonly headers: Headers;
    readonly rawHeaders: HeaderPairs;
    readonly body: StoredEvent['body'];
    text(): string;
    json(): unknown;
}

export interface WebhookReply {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
}

export interface WebhookSecret {
    readonly value: string;
    readonly id?: string;
    readonly notBefore?: number | Date;
    readonly notAfter?: number | Date;
    readonly scheme?: VerificationScheme['scheme'];
}

export function confirmSubscription(event: ConfirmableEvent, options: ConfirmOptions): Promise<boolean>;

export function createKeyFetcher(options?: KeyFetcherOptions): KeyFetcher;

export function createReceiver(options: ReceiverOptions): Receiver;

export function createVerifier(options: VerifierOptions): Verifier;

export const defaultKeyFetcherOptions: Readonly<{
    timeoutMs: number;
    maxBytes: number;
}>

export const defaultResolvedSecrets: Readonly<Required<Pick<ResolvedSecrets, 'ttlMs' | 'negativeTtlMs' | 'maxTenants' | 'timeoutMs'>>>

export function memoryIdempotencyStore(options?: MemoryIdempotencyStoreOptions): IdempotencyStore;

export function moveEvents(from: EventBuffer, to: EventBuffer, options?: MoveOptions): Promise<MoveReport>;

interface OfDelivery {
    readonly destination: string;
    readonly source: string;
    readonly id: string;
    readonly position: Position;
    readonly attempt: number;
}

interface OfKey {
    readonly destination: string;
    readonly key?: string;
}

interface OfRequest extends OfSource {
    readonly durationMs: number;
}

interface OfSource {
    readonly source: string;
}

interface OfStored extends OfRequest, OfVerification {
    readonly id: string;
    readonly position: Position;
}

interface OfVerification {
    readonly scheme: Verified['scheme'];
    readonly strength: Verified['strength'];
    readonly keyIndex: number;
    readonly keyId?: string;
}

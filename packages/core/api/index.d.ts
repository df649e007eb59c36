// @holdfast/core

export interface AttemptFailedEvent extends CallEvent, FailureFacts {
    readonly attempt: number;
    readonly durationMs: number;
}

export interface AttemptRecord {
    readonly attempt: number;
    readonly durationMs: number;
    readonly status?: number;
    readonly code?: ErrorCode;
    readonly reason?: string;
    readonly hedge?: true;
    readonly waitedMs?: number;
}

export type Auth = string | TokenProvider;

export interface BaseEventMap {
    'listener:error': ListenerErrorEvent;
}

export interface BasicScheme extends SchemeBase {
    readonly scheme: 'basic';
}

export type BodyFactory = (request: BodyRequest) => BodyValue | Promise<BodyValue>;

export interface BodyHash extends ValueSource {
    readonly hash: 'sha256' | 'sha512';
    readonly encoding: SignatureEncoding;
}

export interface BodyRequest {
    readonly attempt: number;
    readonly signal: AbortSignal;
}

export type BodyValue = NonNullable<RequestInit['body']>;

export interface Bounds {
    readonly min?: number;
    readonly max?: number;
    readonly infinity?: boolean;
}

export interface BulkheadOptions {
    readonly maxConcurrent?: number;
    readonly maxQueue?: number;
}

export interface CallEvent extends ScopeEvent {
    readonly callId: number;
    readonly method: string;
    readonly elapsedMs: number;
}

export interface CallFinishedEvent extends CallEvent {
    readonly outcome: 'response' | 'error' | 'refused';
    readonly attempts: number;
    readonly status?: number;
    readonly code?: ErrorCode;
    readonly reason?: string;
}

export interface CallRefusedEvent extends CallEvent {
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly retryAfterMs?: number;
}

export interface CauseSummary {
    readonly name: string;
    readonly code?: string;
}

export type Check = (value: unknown) => string | undefined;

export interface CircuitBreakerOptions {
    readonly failureRatio?: number;
    readonly minimumCalls?: number;
    readonly windowMs?: number;
    readonly slowCallMs?: number;
    readonly slowCallRatio?: number;
    readonly breakMs?: number;
    readonly maxBreakMs?: number;
    readonly halfOpenCalls?: number;
    readonly groupOf?: (request: {
        readonly method: string;
        readonly url: string;
    }) => string | undefined;
}

export interface CircuitControl {
    isolate(host?: string): void;
    close(host?: string): void;
}

export interface CircuitEvent extends ScopeEvent {
    readonly group?: string;
}

export interface CircuitOpenedEvent extends CircuitEvent {
    readonly breakMs: number;
    readonly reason: 'failures' | 'slow_calls';
    readonly code?: ErrorCode;
    readonly shared?: true;
}

export interface CircuitSnapshot {
    readonly group?: string;
    readonly state: CircuitState;
    readonly openUntil?: number;
    readonly reopened?: number;
    readonly reason?: 'failures' | 'slow_calls';
    readonly code?: ErrorCode;
}

export interface ClientAnswer {
    readonly status: number;
    readonly headers?: unknown;
    readonly body?: unknown;
    readonly response?: unknown;
}

export interface ClientErrorOptions extends ToIntegrationErrorOptions {
    readonly read?: ReadClientFailure;
    readonly provider?: Connector;
}

export interface ClientFailure {
    readonly answer?: ClientAnswer;
    readonly verdict?: ClientVerdict;
    readonly otherwise?: ClientVerdict;
    readonly cause?: unknown;
    readonly endpoint?: string;
}

export type ClientVerdict = Verdict & Pick<IntegrationErrorInit, 'retryAfterMs' | 'scope' | 'upstream'>;

export interface Clock {
    now(): number;
    monotonicMs(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
    schedule(ms: number, callback: () => void, options?: {
        readonly background?: boolean;
    }): () => void;
}

export interface CodeDefaults {
    readonly meaning: string;
    readonly fault: Fault;
    readonly retryable: Retryable;
    readonly delivery: Delivery;
    readonly scope: Scope;
    readonly status: number;
}

export interface ConfiguredKey {
    readonly from: 'secret';
    readonly format: 'pem' | 'spki' | 'raw';
    readonly encoding?: 'base64' | 'hex';
    readonly prefix?: string;
}

export interface ConfirmationLink {
    readonly pointer: string;
    readonly hosts: readonly string[];
}

export interface Connector {
    readonly $schema?: string;
    readonly id: string;
    readonly name: string;
    readonly sources: readonly ConnectorSource[];
    readonly http?: ConnectorHttp;
    readonly errors?: readonly ErrorRule[];
    readonly rateLimits?: readonly RateLimitRule[];
    readonly endpoints?: Readonly<Record<string, Endpoint>>;
    readonly webhook?: WebhookDescription;
}

export interface ConnectorHttp {
    readonly baseUrl?: string;
    readonly hosts?: readonly string[];
    readonly requestIdHeader?: string;
    readonly idempotencyHeader?: string;
    readonly idempotencyPaths?: readonly string[];
    readonly idempotencyKeyFormat?: IdempotencyKeyFormat;
    readonly idempotencyMethods?: readonly string[];
    readonly failuresInBody?: readonly string[];
}

export interface ConnectorSource {
    readonly url: string;
    readonly verifiedAt: string;
}

export interface CoreEventMap extends BaseEventMap {
    'call:started': CallEvent;
    'call:finished': CallFinishedEvent;
    'call:refused': CallRefusedEvent;
    'attempt:failed': AttemptFailedEvent;
    'retry:scheduled': RetryScheduledEvent;
    'retry:exhausted': RetryExhaustedEvent;
    'retry:nested': RetryNestedEvent;
    'hedge:sent': HedgeSentEvent;
    'hedge:won': HedgeWonEvent;
    'limit:paused': LimitPausedEvent;
    'limit:waiting': WaitingEvent;
    'limit:released': ReleasedEvent;
    'bulkhead:queued': QueuedEvent;
    'bulkhead:released': ReleasedEvent;
    'circuit:opened': CircuitOpenedEvent;
    'circuit:half-opened': CircuitEvent;
    'circuit:closed': CircuitEvent;
    'circuit:isolated': CircuitEvent;
    'auth:replayed': CallEvent;
    'state:failed': StateFailedEvent;
    'state:recovered': StateRecoveredEvent;
}

export interface CursorPagination extends PaginationItems {
    readonly kind: 'cursor';
    readonly cursor: string;
    readonly from?: 'body' | 'last_item';
    readonly param: string;
    readonly more?: string;
}

export type Decision = {
    readonly kind: 'retry';
    readonly attempt: number;
    readonly code: ErrorCode;
    readonly wait: 'backoff' | 'rate_limit';
    readonly delayMs: number;
    readonly serverWaitMs?: number;
} | {
    readonly kind: 'hedge';
    readonly attempt: number;
    readonly delayMs: number;
} | {
    readonly kind: 'no_hedge';
    readonly reason: HedgeStop;
    readonly delayMs: number;
} | {
    readonly kind: 'nested';
    readonly owner: RetryOwner;
    readonly yields: boolean;
} | {
    readonly kind: 'new_token';
    readonly attempt: number;
};

export type Delivery = 'not_sent' | 'unknown' | 'answered';

export interface DigestScheme extends SignedMessage {
    readonly scheme: 'digest';
    readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
    readonly secret: SecretFormat;
}

export interface Emitter<Events extends BaseEventMap> extends EventSource<Events> {
    has(event: keyof Events & string): boolean;
    emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void;
    clear(): void;
}

export interface Endpoint<Path extends string = string> {
    readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: Path;
    readonly paginate?: Pagination;
}

export type ErrorCode = 'timeout' | 'connection_failed' | 'dns_error' | 'tls_error' | 'connection_lost' | 'canceled' | 'rate_limited' | 'quota_exhausted' | 'token_expired' | 'token_refresh_failed' | 'reauth_required' | 'app_credentials_invalid' | 'insufficient_scope' | 'permission_denied' | 'account_unavailable' | 'connection_unusable' | 'invalid_request' | 'not_found' | 'conflict' | 'idempotency_conflict' | 'unsupported' | 'upstream_error' | 'upstream_unavailable' | 'partial_failure' | 'schema_mismatch' | 'signature_invalid' | 'timestamp_stale' | 'circuit_open' | 'overloaded' | 'configuration_error' | 'internal_error' | 'unknown';

export interface ErrorCondition {
    readonly status?: number | readonly number[];
    readonly header?: string;
    readonly pointer?: string;
    readonly equals?: Json;
    readonly in?: readonly Json[];
    readonly matches?: string;
}

export interface ErrorRule {
    readonly when: ErrorCondition;
    readonly then: ErrorVerdict;
    readonly example: ExampleAnswer;
}

export interface ErrorVerdict {
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly fault?: Fault;
    readonly retryable?: Retryable;
    readonly delivery?: Delivery;
    readonly waitMs?: number;
}

export type EventSeverity = 'debug' | 'info' | 'warning' | 'error';

export interface EventSource<Events extends BaseEventMap> {
    on<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): Unsubscribe;
}

export interface ExampleAnswer {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Json;
}

export interface Explanation {
    readonly callId: number;
    readonly endpoint: string;
    readonly integration?: string;
    readonly connection?: string;
    readonly at: number;
    readonly durationMs: number;
    readonly attempts: readonly AttemptRecord[];
    readonly waits: readonly WaitRecord[];
    readonly decisions: readonly Decision[];
    readonly stop?: RetryStop;
    readonly idempotencyKey?: string;
    readonly error?: IntegrationError;
    toString(): string;
}

export interface FailureContext {
    readonly signal?: AbortSignal | null;
    readonly attemptTimeoutReason?: unknown;
    readonly deadlineReason?: unknown;
    readonly status?: number;
}

export interface FailureFacts {
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly status?: number;
}

export type Fault = 'caller' | 'customer' | 'upstream' | 'network' | 'platform';

export interface FetchOptions extends TimeoutOptions {
    readonly fetch?: typeof globalThis.fetch;
    readonly connector?: Connector;
    readonly connection?: string;
    readonly retry?: RetryOptions | false;
    readonly hedge?: HedgeOptions | false;
    readonly rateLimit?: RateLimitOptions | false;
    readonly breaker?: CircuitBreakerOptions | false;
    readonly bulkhead?: BulkheadOptions | false;
    readonly idempotency?: IdempotencyOptions | false;
    readonly auth?: Auth;
    readonly refusals?: 'throw' | 'response';
    readonly restore?: FetchSnapshot;
    readonly state?: StateStore;
    readonly clock?: Clock;
    readonly random?: Random;
}

export interface FetchSnapshot {
    readonly integration?: string;
    readonly connection?: string;
    readonly hosts: readonly HostSnapshot[];
}

export interface FetchedKey {
    readonly from: 'url';
    readonly url?: string | ValueSource;
    readonly hosts?: readonly string[];
    readonly origin?: string;
    readonly path?: string;
    readonly keyId?: SignatureSource;
    readonly kind: 'x509' | 'pem' | 'jwk' | 'jwks';
    readonly pointer?: string;
    readonly certificateNames?: readonly string[];
    readonly method?: 'GET' | 'POST';
    readonly authorized?: true;
}

export interface Handshake {
    readonly name: string;
    readonly when: readonly HandshakeCondition[];
    readonly verified?: true;
    readonly challenge?: HandshakeChallenge;
    readonly verifyToken?: ValueSource;
    readonly secret?: ValueSource;
    readonly respond: HandshakeResponse;
    readonly store?: true;
    readonly confirm?: ConfirmationLink;
    readonly examples: readonly HandshakeExample[];
}

export interface HandshakeChallenge extends ValueSource {
    readonly alphabet: string;
    readonly maxLength: number;
}

export type HandshakeCondition = RequestCondition | {
    readonly method: HandshakeMethod;
} | {
    readonly onlyMembers: readonly string[];
};

export interface HandshakeExample {
    readonly source: string;
    readonly request: {
        readonly method?: HandshakeMethod;
        readonly url: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly body?: string;
    };
    readonly secret?: string;
    readonly verifyToken?: string;
    readonly publicKey?: string;
    readonly keys?: Readonly<Record<string, string>>;
    readonly receivedAt?: number;
    readonly response: {
        readonly status: number;
        readonly headers?: Readonly<Record<string, string>>;
        readonly body: string;
    };
}

export interface HandshakeLiteral {
    readonly literal: number | boolean;
}

export type HandshakeMethod = 'GET' | 'HEAD' | 'POST' | 'OPTIONS';

export interface HandshakeResponse {
    readonly status: number;
    readonly contentType?: string;
    readonly headers?: Readonly<Record<string, HandshakeValue>>;
    readonly body?: HandshakeValue | {
        readonly json: Readonly<Record<string, HandshakeValue | HandshakeLiteral>>;
    };
}

export type HandshakeValue = {
    readonly value: 'challenge' | 'secret' | 'publicKey';
} | {
    readonly literal: string;
} | {
    readonly hmac: {
        readonly hash: 'sha1' | 'sha256' | 'sha512';
        readonly encoding: 'hex' | 'base64';
        readonly prefix?: string;
    };
} | {
    readonly digest: {
        readonly hash: 'sha256';
        readonly encoding: 'hex';
        readonly of: readonly ('challenge' | 'verifyToken' | 'url')[];
    };
} | {
    readonly concat: readonly HandshakeValue[];
};

export interface HedgeOptions {
    readonly delayMs: number;
    readonly maxHedges?: number;
}

export interface HedgeSentEvent extends CallEvent {
    readonly attempt: number;
    readonly delayMs: number;
}

export type HedgeStop = 'body' | 'rate_limit' | 'bulkhead' | 'circuit_open' | 'budget';

export interface HedgeWonEvent extends CallEvent {
    readonly attempt: number;
}

export interface HmacScheme extends SignedMessage {
    readonly scheme: 'hmac';
    readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
    readonly secret: SecretFormat;
}

export interface HostSnapshot {
    readonly host: string;
    readonly limitPausedMs?: number;
    readonly active?: number;
    readonly queued?: number;
    readonly circuits?: readonly CircuitSnapshot[];
    readonly retryTokens?: number;
}

export type HttpSignatureAlgorithm = 'hmac-sha256' | 'ed25519' | 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-pss-sha512' | 'rsa-v1_5-sha256';

export interface HttpSignatureScheme extends SchemeBase {
    readonly scheme: 'http-signature';
    readonly algorithms: readonly HttpSignatureAlgorithm[];
    readonly label?: string;
    readonly tag?: string;
    readonly requires: readonly string[];
    readonly requiresParameters?: readonly ('created' | 'expires' | 'nonce' | 'alg' | 'keyid' | 'tag')[];
    readonly toleranceMs?: number;
    readonly secret?: SecretFormat;
    readonly key?: KeySource;
}

export type IdempotencyKeyFormat = 'raw' | 'structured';

export interface IdempotencyOptions {
    readonly header?: string;
    readonly keyFormat?: IdempotencyKeyFormat;
    readonly methods?: readonly string[];
}

export class IntegrationError extends Error {
    readonly name: string;
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly fault: Fault;
    readonly retryable: Retryable;
    readonly retryAfterMs?: number;
    readonly delivery: Delivery;
    readonly phase?: Phase;
    readonly scope: Scope;
    readonly status: number;
    readonly upstream?: UpstreamFacts;
    readonly attempts: readonly AttemptRecord[];
    readonly integration?: string;
    readonly connection?: string;
    readonly endpoint?: string;
    readonly idempotencyKey?: string;
    readonly at?: number;
    constructor(init: IntegrationErrorInit);
    toProblem(instance?: string): ProblemDetails;
    toJSON(): IntegrationErrorJson;
}

export interface IntegrationErrorInit {
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly message?: string;
    readonly fault?: Fault;
    readonly retryable?: Retryable;
    readonly retryAfterMs?: number;
    readonly delivery?: Delivery;
    readonly phase?: Phase;
    readonly scope?: Scope;
    readonly status?: number;
    readonly upstream?: UpstreamFacts;
    readonly attempts?: readonly AttemptRecord[];
    readonly integration?: string;
    readonly connection?: string;
    readonly endpoint?: string;
    readonly idempotencyKey?: string;
    readonly cause?: unknown;
    readonly at?: number;
}

export interface IntegrationErrorJson extends Omit<IntegrationErrorInit, 'cause' | 'message'> {
    readonly name: string;
    readonly message: string;
    readonly fault: Fault;
    readonly retryable: Retryable;
    readonly delivery: Delivery;
    readonly scope: Scope;
    readonly status: number;
    readonly causes?: readonly CauseSummary[];
}

export interface InvalidOption {
    readonly path: string;
    readonly expected: string;
    readonly received: unknown;
    readonly receivedText?: string;
    readonly hint?: string;
}

export class InvalidOptionsError extends IntegrationError {
    readonly name: string;
    readonly path: string;
    readonly expected: string;
    readonly received: unknown;
    constructor(option: InvalidOption);
}

export type Json = null | boolean | number | string | readonly Json[] | {
    readonly [key: string]: Json;
};

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512' | 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA' | 'Ed25519';

export interface JwtClaims {
    readonly bodyHash?: JwtHashClaim;
    readonly urlHash?: JwtHashClaim;
    readonly issuer?: string;
    readonly audience?: 'url';
    readonly requires?: readonly string[];
}

export interface JwtHashClaim {
    readonly name: string;
    readonly hash: 'sha256' | 'sha384' | 'sha512';
    readonly encoding: SignatureEncoding;
    readonly optional?: true;
}

export interface JwtScheme extends SchemeBase {
    readonly scheme: 'jwt';
    readonly algorithms: readonly JwtAlgorithm[];
    readonly token: SignatureSource;
    readonly secret?: SecretFormat;
    readonly key?: KeySource;
    readonly claims?: JwtClaims;
    readonly maxAgeMs?: number;
    readonly leewayMs?: number;
}

export type KeySource = ConfiguredKey | FetchedKey;

export interface LimitCost {
    readonly methods?: readonly string[];
    readonly paths?: readonly string[];
    readonly cost: number;
}

export interface LimitField {
    readonly header?: string;
    readonly pointer?: string;
    readonly value?: number;
    readonly key?: string;
    readonly of?: 'numerator' | 'denominator';
}

export interface LimitPausedEvent extends ScopeEvent {
    readonly pauseMs: number;
    readonly status?: number;
}

export interface LimitedRequest {
    readonly method: string;
    readonly url: string;
}

export class Limits {
    #private;
}

export interface LinkPagination extends PaginationItems {
    readonly kind: 'link';
    readonly next?: string;
}

export interface ListenerErrorEvent {
    readonly event: string;
    readonly error: unknown;
}

export interface MemoryStateStoreOptions {
    readonly clock?: Clock;
}

export interface MessageAffixes {
    readonly before?: string;
    readonly after?: string;
    readonly optional?: true;
}

export type MessagePart = MessageAffixes & ({
    readonly part: 'literal';
    readonly value: string;
} | {
    readonly part: 'body';
} | {
    readonly part: 'bodyHash';
    readonly hash: 'sha1' | 'sha256' | 'sha512' | 'crc32';
    readonly encoding: 'hex' | 'base64' | 'decimal';
} | {
    readonly part: 'timestamp';
} | {
    readonly part: 'id';
} | {
    readonly part: 'method';
} | {
    readonly part: 'url';
    readonly form?: 'full' | 'pathAndQuery' | 'path';
    readonly variants?: readonly UrlVariant[];
    readonly sortQuery?: true;
} | {
    readonly part: 'header';
    readonly name: string;
} | {
    readonly part: 'headerList';
    readonly listedIn: string;
    readonly separator: string;
    readonly pair: string;
    readonly join: string;
    readonly sorted?: true;
} | {
    readonly part: 'query';
    readonly name: string;
    readonly lowerCase?: true;
} | {
    readonly part: 'field';
    readonly pointer: string;
    readonly absentAs?: string;
} | {
    readonly part: 'sortedForm';
    readonly duplicates: 'unique_sorted' | 'sorted' | 'in_order';
    readonly pair?: {
        readonly between?: string;
        readonly after?: string;
    };
    readonly lead?: {
        readonly afterQuery: string;
        readonly afterPath: string;
    };
} | {
    readonly part: 'secret';
});

export interface NoneScheme extends SchemeBase {
    readonly scheme: 'none';
}

export interface NormalizedHeaders {
    readonly 'ratelimit-limit'?: string;
    readonly 'ratelimit-remaining'?: string;
    readonly 'ratelimit-reset'?: string;
}

export interface OffsetPagination extends PaginationItems {
    readonly kind: 'offset';
    readonly param: string;
    readonly total?: string;
}

export interface PagePagination extends PaginationItems {
    readonly kind: 'page';
    readonly param: string;
    readonly first?: number;
    readonly totalPages?: string;
}

export type Pagination = LinkPagination | CursorPagination | PagePagination | OffsetPagination;

export interface PaginationItems {
    readonly items?: string;
}

export type Phase = 'local' | 'dns' | 'connect' | 'tls' | 'send' | 'headers' | 'body' | 'parse';

export type Priority = 'high' | 'auto' | 'low';

export interface ProblemDetails {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly instance?: string;
    readonly code: ErrorCode;
    readonly reason?: string;
    readonly fault: Fault;
    readonly retryable: Retryable;
    readonly retry_after_ms?: number;
    readonly delivery: Delivery;
}

export interface QueuedEvent extends CallEvent {
    readonly queued: number;
}

export interface Random {
    next(): number;
    uuid(): string;
}

export interface RateLimit {
    readonly limit?: number;
    readonly remaining?: number;
    readonly resetMs?: number;
    readonly headers: NormalizedHeaders;
    readonly readings: readonly RateLimitReading[];
}

export interface RateLimitExample {
    readonly answer: ExampleAnswer;
    readonly now?: number;
    readonly reads: {
        readonly limit?: number;
        readonly remaining?: number;
        readonly resetMs?: number;
        readonly windowMs?: number;
        readonly restorePerSecond?: number;
        readonly cost?: number;
    };
}

export interface RateLimitOptions {
    readonly onLimit?: 'wait' | 'surface' | 'fail';
    readonly maxWaitMs?: number;
    readonly releaseIntervalMs?: number;
    readonly priorityOf?: (request: LimitedRequest) => Priority;
    readonly costOf?: (request: LimitedRequest) => number;
    readonly limits?: Limits;
}

export interface RateLimitReading {
    readonly policy: string;
    readonly limit?: number;
    readonly remaining?: number;
    readonly resetMs?: number;
    readonly windowMs?: number;
    readonly restorePerSecond?: number;
    readonly cost?: number;
    readonly unit?: string;
    readonly violated?: true;
    readonly source: string;
}

export interface RateLimitRule {
    readonly id: string;
    readonly scope: 'app' | 'connection' | 'endpoint';
    readonly hosts?: readonly string[];
    readonly paths?: readonly string[];
    readonly exceptPaths?: readonly string[];
    readonly when?: ErrorCondition;
    readonly unit?: string;
    readonly costs?: readonly LimitCost[];
    readonly limit?: LimitField;
    readonly windowMs?: LimitField;
    readonly remaining?: LimitField;
    readonly used?: LimitField;
    readonly reset?: ResetField;
    readonly restorePerSecond?: LimitField;
    readonly cost?: LimitField;
    readonly actualCost?: LimitField;
    readonly resetMeans?: 'window' | 'full';
    readonly examples?: readonly RateLimitExample[];
}

export type ReadClientFailure = (error: object) => ClientFailure | undefined;

export interface ReleasedEvent extends CallEvent {
    readonly waitedMs: number;
}

export interface RequestCondition extends ValueSource {
    readonly equals?: string;
    readonly matches?: string;
    readonly absent?: true;
}

export interface ResetField {
    readonly header?: string;
    readonly pointer?: string;
    readonly key?: string;
    readonly format: WaitFormat;
}

export type ResilientFetch = PrioritizedFetch & typeof globalThis.fetch & EventSource<CoreEventMap> & AsyncDisposable & {
    readonly circuits: CircuitControl;
    snapshot(): FetchSnapshot;
};

export interface ResponseFacts {
    readonly status: number;
    readonly headers: Headers;
    readonly body?: unknown;
    readonly now: number;
}

export interface RetryBudgetOptions {
    readonly maxTokens?: number;
    readonly transientCost?: number;
    readonly throttleCost?: number;
    readonly successRefund?: number;
    readonly maxRatio?: number;
    readonly minRetriesPerMinute?: number;
}

export interface RetryExhaustedEvent extends CallEvent, FailureFacts {
    readonly attempts: number;
    readonly stop: RetryStop;
}

export interface RetryNestedEvent extends CallEvent {
    readonly owner: RetryOwner;
    readonly yields: boolean;
}

export interface RetryOptions {
    readonly maxAttempts?: number;
    readonly baseDelayMs?: number;
    readonly maxDelayMs?: number;
    readonly bufferBodyBytes?: number;
    readonly attemptHeader?: string;
    readonly whenNested?: 'yield' | 'retry';
    readonly budget?: RetryBudgetOptions | false;
}

export type RetryOwner = 'holdfast' | 'stainless' | 'aws-sdk' | 'envoy' | 'grpc' | 'same_key';

export interface RetryScheduledEvent extends CallEvent, FailureFacts {
    readonly attempt: number;
    readonly delayMs: number;
    readonly serverWaitMs?: number;
}

export type RetryStop = 'not_retryable' | 'unsafe' | 'body_not_replayable' | 'server_veto' | 'max_attempts' | 'deadline' | 'circuit_open' | 'budget' | 'surfaced' | 'nested';

export type Retryable = 'never' | 'now' | 'after' | 'after_refresh' | 'after_user_action';

export interface SchemeBase {
    readonly select?: SchemeSelect;
    readonly each?: string;
    readonly eventId?: WebhookId;
    readonly vectors?: readonly SignatureVector[];
}

export type SchemeSelect = string | readonly RequestCondition[];

export type Scope = 'request' | 'connection' | 'integration' | 'provider';

export interface ScopeEvent {
    readonly integration?: string;
    readonly connection?: string;
    readonly host: string;
}

export interface SecretFormat {
    readonly encoding: 'utf8' | 'base64' | 'hex';
    readonly prefix?: string;
    readonly unprefixed?: 'utf8';
    readonly startsWith?: string;
    readonly derive?: 'sha1' | 'sha256';
}

export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256-sha256' | 'ecdsa-p256-sha1' | 'ecdsa-p384-sha384' | 'rsa-sha1' | 'rsa-sha256' | 'rsa-sha512' | 'rsa-pss-sha256' | 'rsa-pss-sha512';

export type SignatureEncoding = 'hex' | 'base64' | 'base64url';

export type SignatureFormat = {
    readonly kind: 'plain';
    readonly prefix?: string;
} | {
    readonly kind: 'list';
    readonly separator: string;
    readonly prefix?: string;
} | {
    readonly kind: 'keyValue';
    readonly separator: string;
    readonly key: string;
    readonly pairSeparator?: string;
} | {
    readonly kind: 'taggedList';
    readonly separator: string;
    readonly tagSeparator: string;
    readonly tag: string;
} | {
    readonly kind: 'positional';
    readonly separator: string;
    readonly from: number;
} | {
    readonly kind: 'pairs';
    readonly separator: string;
    readonly pairSeparator: string;
} | {
    readonly kind: 'base64Json';
    readonly pointer: string;
};

export interface SignatureScheme extends SignedMessage {
    readonly scheme: 'signature';
    readonly algorithm: SignatureAlgorithm;
    readonly form?: 'der' | 'raw';
    readonly key: KeySource;
    readonly recipient?: ValueSource;
}

export interface SignatureSource extends ValueSource {
    readonly also?: readonly string[];
    readonly numbered?: number;
    readonly format?: SignatureFormat;
}

export interface SignatureTimestamp extends ValueSource {
    readonly key?: string;
    readonly index?: number;
    readonly format: TimeFormat;
    readonly toleranceMs?: number;
}

export interface SignatureVector {
    readonly source: string;
    readonly secret?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly bodyBase64?: string;
    readonly method?: string;
    readonly url?: string;
    readonly keys?: Readonly<Record<string, string>>;
    readonly receivedAt?: number;
}

export interface SignedMessage extends SchemeBase {
    readonly signature: SignatureSource;
    readonly encoding: SignatureEncoding;
    readonly message: readonly MessagePart[];
    readonly timestamp?: SignatureTimestamp;
    readonly bodyHash?: BodyHash;
}

export interface StateChange {
    readonly expected: string | undefined;
    readonly value: string | undefined;
    readonly ttlMs: number;
}

export interface StateEntry {
    readonly value: string;
    readonly version: string;
}

export interface StateFailedEvent extends Pick<ScopeEvent, 'integration' | 'connection'> {
    readonly code: ErrorCode;
    readonly reason?: string;
}

export interface StateLease {
    readonly name: string;
    readonly token: number;
}

export interface StateRead {
    readonly entry: StateEntry | undefined;
    readonly nowMs: number;
}

export type StateRecoveredEvent = Pick<ScopeEvent, 'integration' | 'connection'>;

export interface StateStore {
    readonly caps: StateStoreCaps;
    get(key: string, signal?: AbortSignal): Promise<StateRead>;
    compareAndSet(key: string, change: StateChange, signal?: AbortSignal): Promise<StateWrite>;
    acquire(name: string, leaseMs: number, signal?: AbortSignal): Promise<StateLease | undefined>;
    renew(lease: StateLease, leaseMs: number, signal?: AbortSignal): Promise<boolean>;
    release(lease: StateLease, signal?: AbortSignal): Promise<void>;
}

export interface StateStoreCaps {
    readonly multiProcess: boolean;
    readonly leases: boolean;
    readonly maxKeyBytes: number;
    readonly maxValueBytes: number;
}

export interface StateWrite extends StateRead {
    readonly written: boolean;
}

export type TimeFormat = 'epoch_s' | 'epoch_ms' | 'epoch' | 'rfc3339';

export interface TimeoutOptions {
    readonly deadlineMs?: number | false;
    readonly attemptTimeoutMs?: number | false;
    readonly deadlineHeader?: string;
}

export interface ToIntegrationErrorOptions {
    readonly connector?: Connector;
    readonly connection?: string;
    readonly signal?: AbortSignal | null;
}

export type TokenProvider = (request: TokenRequest) => string | Promise<string>;

export interface TokenRequest {
    readonly url: string;
    readonly rejectedToken?: string;
    readonly signal: AbortSignal;
}

export interface TokenScheme extends SchemeBase {
    readonly scheme: 'token';
    readonly header?: string;
    readonly prefix?: string;
    readonly bodyPointer?: string;
    readonly query?: string;
}

export type Unsubscribe = (() => void) & Disposable;

export interface UpstreamFacts {
    readonly status?: number;
    readonly code?: string;
    readonly message?: string;
    readonly requestId?: string;
    readonly violatedPolicies?: readonly string[];
}

export type UrlVariant = 'with_default_port' | 'without_port' | 'without_credentials' | 'normalized' | 'legacy_query' | 'percent_decoded' | 'encode_uri';

export interface ValueSource {
    readonly from: 'header' | 'body' | 'query' | 'claim';
    readonly name?: string;
    readonly pointer?: string;
}

export type VerificationScheme = HmacScheme | DigestScheme | SignatureScheme | JwtScheme | HttpSignatureScheme | TokenScheme | BasicScheme | NoneScheme;

export type WaitFormat = 'delta_s' | 'delta_ms' | 'epoch_s' | 'epoch_ms' | 'moment' | 'duration';

export interface WaitRecord {
    readonly kind: 'backoff' | 'rate_limit' | 'bulkhead' | 'state';
    readonly waitedMs: number;
}

export interface WaitingEvent extends CallEvent {
    readonly waitMs: number;
}

export interface WebhookAck {
    readonly status: number;
    readonly contentType?: string;
    readonly body?: string;
    readonly echo?: readonly string[];
}

export interface WebhookBatch {
    readonly pointer: string;
    readonly json?: true;
}

export interface WebhookDelivery {
    readonly timeoutMs?: number;
    readonly retries?: string;
    readonly disables?: string;
    readonly redelivery?: string;
}

export interface WebhookDescription {
    readonly verify: readonly VerificationScheme[];
    readonly handshakes?: readonly Handshake[];
    readonly batch?: WebhookBatch;
    readonly eventId?: WebhookId;
    readonly eventType?: WebhookField;
    readonly tenant?: WebhookField;
    readonly occurredAt?: WebhookTime;
    readonly ack?: WebhookAck;
    readonly refuse?: WebhookRefusal;
    readonly delivery?: WebhookDelivery;
}

export interface WebhookField extends ValueSource {
    readonly signed: boolean;
}

export interface WebhookId extends WebhookField {
    readonly with?: readonly ValueSource[];
}

export interface WebhookRefusal {
    readonly status: number;
    readonly body?: '';
}

export interface WebhookTime extends WebhookField {
    readonly format: TimeFormat;
}

export const abortSignal: Check

export function arrayOf(item: Check): Check;

export const boolean: Check

export const callback: Check

export function challengePattern({ alphabet, maxLength }: Pick<HandshakeChallenge, 'alphabet' | 'maxLength'>): RegExp;

export function checkConnector(value: unknown, path?: string): Connector;

export function checkOptions(path: string, options: unknown, checks: Readonly<Record<string, Check>>): void;

export function classifyFailure(error: unknown, context?: FailureContext): IntegrationErrorInit;

export function classifyResponse(facts: ResponseFacts, connector?: Connector): IntegrationErrorInit | undefined;

export const clockObject: Check

export const coreEvents: {
    readonly [Name in keyof CoreEventMap]: EventSeverity;
}

export function createEmitter<Events extends BaseEventMap>(): Emitter<Events>;

export function createFetch(options?: FetchOptions): ResilientFetch;

export function createLimits(): Limits;

export const defaultBulkheadOptions: ResolvedBulkheadOptions

export const defaultCircuitBreakerOptions: ResolvedCircuitBreakerOptions

export const defaultHedgeOptions: Omit<ResolvedHedgeOptions, 'delayMs'>

export const defaultRateLimitOptions: ResolvedRateLimitOptions

export const defaultRetryBudgetOptions: ResolvedRetryBudgetOptions

export const defaultRetryOptions: ResolvedRetryOptions

export const defaultTimeoutOptions: ResolvedTimeoutOptions

export function durationMs(bounds?: Bounds): Check;

export function either(first: Check, second: Check): Check;

export const errorCodes: Readonly<Record<ErrorCode, CodeDefaults>>

export function explain(responseOrError: unknown): Explanation | undefined;

export function integer(bounds?: Bounds): Check;

export function integrationErrorOf(responseOrError: unknown): IntegrationError | undefined;

export function isIntegrationError(value: unknown, code?: ErrorCode): value is IntegrationError;

export function memoryStateStore(options?: MemoryStateStoreOptions): StateStore;

export const nonEmptyString: Check

export function number(bounds?: Bounds): Check;

export function oneOf(...allowed: readonly unknown[]): Check;

export function parseRetryAfter(headers: Headers, now: number): number | undefined;

export const plainObject: Check

export const randomObject: Check

export function rateLimitOf(response: Response): RateLimit | undefined;

export function readPointer(value: unknown, pointer: string): unknown;

export function redactUrl(url: string): string;

export function replayableBody(make: BodyFactory): ReadableStream<Uint8Array>;

export const systemClock: Clock

export const systemRandom: Random

export function toIntegrationError(error: unknown, options?: ClientErrorOptions): IntegrationError;

export function withMethods(...names: readonly string[]): Check;

type CircuitState = 'closed' | 'open' | 'half_open' | 'isolated';

type Optional = 'priorityOf' | 'costOf' | 'limits';

type PrioritizedFetch = (input: string | URL | Request, init?: RequestInit & {
    readonly priority?: Priority;
}) => Promise<Response>;

type ResolvedBulkheadOptions = Required<BulkheadOptions>;

interface ResolvedCircuitBreakerOptions extends Required<Omit<CircuitBreakerOptions, 'groupOf'>> {
    readonly groupOf: CircuitBreakerOptions['groupOf'] | undefined;
}

type ResolvedHedgeOptions = Required<HedgeOptions>;

interface ResolvedRateLimitOptions extends Required<Omit<RateLimitOptions, Optional>> {
    readonly priorityOf: RateLimitOptions['priorityOf'] | undefined;
    readonly costOf: RateLimitOptions['costOf'] | undefined;
    readonly limits: Limits | undefined;
}

type ResolvedRetryBudgetOptions = Required<RetryBudgetOptions>;

interface ResolvedRetryOptions {
    readonly maxAttempts: number;
    readonly baseDelayMs: number;
    readonly maxDelayMs: number;
    readonly bufferBodyBytes: number;
    readonly attemptHeader: string | undefined;
    readonly whenNested: 'yield' | 'retry';
    readonly budget: ResolvedRetryBudgetOptions | false;
}

type ResolvedTimeoutOptions = Required<Omit<TimeoutOptions, 'deadlineHeader'>>;

type Verdict = Pick<IntegrationErrorInit, 'code' | 'reason' | 'fault' | 'retryable' | 'delivery' | 'phase' | 'status'>;

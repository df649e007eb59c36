// @holdfast/core/testing

import { BaseEventMap } from '@holdfast/core'
import { Clock } from '@holdfast/core'
import { EventSource } from '@holdfast/core'
import { Random } from '@holdfast/core'
import { StateStore } from '@holdfast/core'

export type AnswerFault = 'reset' | 'close' | 'stale_connection' | 'hang' | 'not_http' | 'headers_overflow' | 'headers_cut';

export type BodyFault = 'reset_after_headers' | 'reset_in_body' | 'body_cut' | 'chunks_cut' | 'chunk_malformed' | 'body_stalls' | 'body_endless' | 'encoding_wrong' | 'body_too_long' | 'answered_twice';

export type ConnectionFault = 'dns_not_found' | 'dns_temporary' | 'refused' | 'unreachable' | 'connect_timeout' | 'tls_expired' | 'tls_not_yet_valid' | 'tls_self_signed' | 'tls_untrusted' | 'tls_wrong_host' | 'tls_cut';

export interface EventRecorder<Events extends BaseEventMap> {
    readonly events: readonly RecordedEvent<Events>[];
    readonly names: readonly string[];
    of<Name extends keyof Events & string>(name: Name): readonly Events[Name][];
    stop(): void;
}

export interface FakeClock extends Clock {
    advance(ms: number): Promise<void>;
    runUntil<Result>(promise: Promise<Result>): Promise<Result>;
    flush(): Promise<void>;
    readonly pendingTimers: number;
}

export interface FlakyFetch extends UpstreamScript {
    readonly fetch: typeof globalThis.fetch;
}

export interface FlakyHandlers<Handler> extends UpstreamScript {
    readonly handlers: readonly Handler[];
}

export interface FlakyUpstream extends UpstreamScript, AsyncDisposable {
    readonly url: string;
    readonly port: number;
    readonly authority: string | undefined;
    stop(): Promise<void>;
    start(): Promise<void>;
    disconnect(): void;
    close(): Promise<void>;
}

export interface FlakyUpstreamOptions extends UpstreamOptions {
    readonly tls?: UpstreamTls;
}

export interface InformationalReply {
    readonly status: number;
    readonly headers?: ReplyHeaders;
}

export interface LimitDialect {
    readonly told?: LimitTelling;
    readonly refused: LimitTelling & {
        readonly status: number;
    };
}

export type LimitDialectName = StandardDialectName | ProviderDialectName;

export type LimitModel = 'fixed_window' | 'sliding_window' | 'token_bucket' | 'concurrency';

export interface LimitTelling {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: LimitTemplate;
}

export type LimitTemplate = string | number | boolean | null | readonly LimitTemplate[] | {
    readonly [key: string]: LimitTemplate;
};

export interface LookupAddress {
    address: string;
    family: number;
}

export type LookupAnswer = {
    readonly address: string;
    readonly delayMs?: number;
} | 'not_found' | 'temporary';

export type LookupFunction = (hostname: string, options: {
    readonly all?: boolean | undefined;
}, callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void) => void;

export interface Msw<Handler> {
    readonly http: {
        readonly all: (predicate: RegExp, resolver: (info: {
            readonly request: Request;
        }) => Promise<Response>) => Handler;
    };
    readonly HttpResponse: {
        new (body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null, init: ResponseInit): Response;
        error(): Response;
    };
}

export interface RecordedCall {
    readonly input: string | URL | Request;
    readonly init: RequestInit | undefined;
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
}

export type RecordedEvent<Events extends BaseEventMap> = {
    readonly [Name in keyof Events & string]: {
        readonly name: Name;
        readonly payload: Events[Name];
    };
}[keyof Events & string];

export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

export type ScriptedAnswer = Response | Error | 'hang' | ((call: RecordedCall) => Response | Promise<Response>);

export type ScriptedFetch = typeof globalThis.fetch & {
    readonly calls: readonly RecordedCall[];
};

export type StateStoreCapability = 'leases' | 'multiProcess';

export interface StateStoreCase {
    readonly title: string;
    readonly requires?: StateStoreCapability;
    readonly run: (harness: StateStoreHarness) => Promise<void>;
}

export interface StateStoreHarness {
    readonly create: () => Promise<StateStoreUnderTest>;
}

export interface StateStoreUnderTest {
    readonly store: StateStore;
    readonly another?: () => Promise<StateStore>;
    readonly advance?: (ms: number) => Promise<void>;
    readonly dispose: () => Promise<void>;
}

export interface UpstreamDisturbance {
    readonly ratio: number;
    readonly replies: readonly [
        UpstreamReply,
        ...UpstreamReply[]
    ];
}

export type UpstreamFault = ConnectionFault | AnswerFault | BodyFault;

export interface UpstreamLimit {
    readonly model?: LimitModel;
    readonly limit: number;
    readonly windowMs?: number;
    readonly dialect?: LimitDialectName | LimitDialect;
    readonly costOf?: (request: UpstreamRequest) => number;
    readonly keyOf?: (request: UpstreamRequest) => string;
}

export interface UpstreamOptions {
    readonly clock?: Clock;
    readonly random?: Random;
}

export interface UpstreamReply {
    readonly status?: number;
    readonly headers?: ReplyHeaders;
    readonly body?: unknown;
    readonly delayMs?: number;
    readonly bytesPerChunk?: number;
    readonly chunkDelayMs?: number;
    readonly informational?: readonly InformationalReply[];
    readonly fault?: UpstreamFault;
}

export interface UpstreamRequest {
    readonly method: string;
    readonly url: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly text: string;
    readonly atMs: number;
    readonly connection: number;
    readonly status: number | undefined;
    readonly fault: UpstreamFault | undefined;
    readonly isRefused: boolean;
}

export interface UpstreamScript {
    on(route: string, steps: UpstreamStep | readonly [
        UpstreamStep,
        ...UpstreamStep[]
    ]): this;
    limit(route: string, limit: UpstreamLimit): this;
    disturb(route: string, disturbance: UpstreamDisturbance): this;
    readonly requests: readonly UpstreamRequest[];
    reset(): void;
}

export type UpstreamStep = UpstreamReply | ((request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>);

export type UpstreamTls = 'valid' | 'expired' | 'not_yet_valid' | 'wrong_host' | 'self_signed' | 'cut';

export function fakeClock(startMs?: number): FakeClock;

export function flakyFetch(options?: UpstreamOptions): FlakyFetch;

export function flakyHandlers<Handler>(msw: Msw<Handler>, baseUrl: string, options?: UpstreamOptions): FlakyHandlers<Handler>;

export function flakyLookup(names: Readonly<Record<string, LookupAnswer>>, { clock }?: {
    readonly clock?: Clock;
}): LookupFunction;

export function flakyUpstream(options?: FlakyUpstreamOptions): Promise<FlakyUpstream>;

export const limitDialects: Readonly<Record<LimitDialectName, LimitDialect>>

export function recordEvents<Events extends BaseEventMap>(source: EventSource<Events>, names: readonly (keyof Events & string)[]): EventRecorder<Events>;

export function scriptedFetch(answers: readonly [
    ScriptedAnswer,
    ...ScriptedAnswer[]
]): ScriptedFetch;

export function seededRandom(seed?: number): Random;

export const stateStoreConformance: readonly StateStoreCase[]

export const upstreamFaults: Readonly<Record<UpstreamFault, string>>

type ProviderDialectName = 'anthropic' | 'atlassian' | 'azure_api_management' | 'azure_openai' | 'cloudflare' | 'confluence_data_center' | 'discord' | 'github' | 'github_graphql' | 'github_secondary' | 'google' | 'google_daily' | 'hubspot' | 'hubspot_daily' | 'linear' | 'microsoft_graph' | 'notion' | 'openai' | 'openai_quota' | 'reddit' | 'salesforce' | 'shopify_graphql' | 'shopify_rest' | 'slack' | 'stripe' | 'x' | 'xero' | 'zendesk';

type StandardDialectName = 'status_only' | 'retry_after' | 'retry_after_float' | 'retry_after_date' | 'retry_after_ms' | 'ratelimit_triple' | 'x_ratelimit_triple' | 'ratelimit_draft_00' | 'ratelimit_draft_03' | 'ratelimit_draft_07' | 'ratelimit_draft_08';

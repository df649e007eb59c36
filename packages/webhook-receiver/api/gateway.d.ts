// @holdfast/webhook-receiver/gateway

import { Clock } from '@holdfast/core'
import { EventBuffer } from '@holdfast/webhook-receiver'
import { EventSource } from '@holdfast/core'
import { HeaderPairs } from '@holdfast/webhook-receiver'
import { IncomingWebhook } from '@holdfast/webhook-receiver'
import { IntegrationError } from '@holdfast/core'
import { Position } from '@holdfast/webhook-receiver'
import { Random } from '@holdfast/core'
import { ReceiverEventMap } from '@holdfast/webhook-receiver'
import { WebhookEvent } from '@holdfast/webhook-receiver'

export type CaptureReason = 'target_unhealthy' | 'key_waiting' | 'target_failed';

export interface Gateway extends EventSource<GatewayEventMap>, AsyncDisposable {
    start(): Promise<void>;
    handle(request: Request): Promise<Response>;
    accept(incoming: IncomingWebhook): Promise<GatewayReply>;
    hold(): void;
    release(): void;
    snapshot(): GatewaySnapshot;
    drained(options?: {
        readonly signal?: AbortSignal;
    }): Promise<void>;
    stop(options?: {
        readonly timeoutMs?: number;
    }): Promise<void>;
}

export interface GatewayEventMap extends ReceiverEventMap {
    'gateway:mode-changed': {
        readonly from: GatewayMode | undefined;
        readonly to: GatewayMode;
        readonly cause: ModeChangeCause;
        readonly backlog: number;
    };
    'gateway:probe-failed': {
        readonly error: IntegrationError;
        readonly durationMs: number;
    };
    'gateway:captured': {
        readonly id: string;
        readonly position: Position;
        readonly reason: CaptureReason;
        readonly durationMs: number;
    };
    'gateway:forwarded': {
        readonly status: number;
        readonly durationMs: number;
    };
    'gateway:refused': {
        readonly status: number;
        readonly error: IntegrationError;
        readonly durationMs: number;
    };
}

export type GatewayMode = 'proxy' | 'buffer' | 'drain';

export interface GatewayOptions {
    readonly target: string;
    readonly buffer: EventBuffer;
    readonly health?: HealthOptions;
    readonly orderingKey?: (request: GatewayRequest) => string | null | undefined;
    readonly captureMethods?: readonly string[];
    readonly captureStatuses?: readonly number[];
    readonly timeoutMs?: number;
    readonly captureStatus?: number;
    readonly maxBodyBytes?: number;
    readonly maxInFlightBytes?: number;
    readonly concurrency?: number;
    readonly ratePerSecond?: number;
    readonly maxAttempts?: number;
    readonly baseDelayMs?: number;
    readonly maxDelayMs?: number;
    readonly maxTrackedKeys?: number;
    readonly fetch?: typeof globalThis.fetch;
    readonly clock?: Clock;
    readonly random?: Random;
}

export interface GatewayReply {
    readonly status: number;
    readonly headers: HeaderPairs;
    readonly body: AsyncIterable<Uint8Array> | Uint8Array | null;
}

export type GatewayRequest = Omit<WebhookEvent, 'partition' | 'position'>;

export interface GatewaySnapshot {
    readonly state: 'created' | 'running' | 'stopped';
    readonly mode: GatewayMode;
    readonly healthy: boolean;
    readonly probeError: IntegrationError | undefined;
    readonly held: boolean;
    readonly backlog: number;
    readonly forwarded: number;
    readonly captured: number;
    readonly delivered: number;
    readonly deadLettered: number;
    readonly refused: number;
}

export interface HealthOptions {
    readonly path?: string;
    readonly intervalMs?: number;
    readonly timeoutMs?: number;
    readonly window?: number;
    readonly failures?: number;
    readonly successes?: number;
    readonly liveFailures?: number;
    readonly liveWindow?: number;
}

export type ModeChangeCause = 'started' | 'probes' | 'live_failures' | 'held' | 'released' | 'captured' | 'drained';

export function createGateway(options: GatewayOptions): Gateway;

export const defaultGatewayOptions: Readonly<{
    captureMethods: readonly string[];
    captureStatuses: readonly number[];
    timeoutMs: number;
    captureStatus: number;
    maxBodyBytes: number;
    maxInFlightBytes: number;
    concurrency: number;
    ratePerSecond: number;
    maxAttempts: number;
    baseDelayMs: number;
    maxDelayMs: number;
    maxTrackedKeys: number;
}>

export const defaultHealthOptions: Readonly<ResolvedHealthOptions>

type ResolvedHealthOptions = Required<HealthOptions>;

// @holdfast/adapters/koa

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export interface KoaLikeContext {
    readonly req: IncomingMessage;
    readonly originalUrl: string;
    readonly request: {
        readonly body?: unknown;
        readonly rawBody?: unknown;
    };
    readonly params?: Readonly<Record<string, string>>;
    status: number;
    body: unknown;
    set(headers: Record<string, string>): void;
    remove(name: string): void;
}

export type KoaWebhooksMiddleware = (context: KoaLikeContext) => Promise<void>;

export interface KoaWebhooksOptions {
    readonly source?: string;
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function koaWebhooks(receiver: Pick<Receiver, 'accept'>, options?: KoaWebhooksOptions): KoaWebhooksMiddleware;

// @holdfast/adapters/express

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'
import { ServerResponse } from 'node:http'

export type ExpressLikeRequest = IncomingMessage & {
    readonly params: Readonly<Record<string, string | readonly string[]>>;
    readonly originalUrl: string;
    readonly body?: unknown;
    readonly rawBody?: unknown;
};

export type ExpressWebhooksHandler = (request: ExpressLikeRequest, response: ServerResponse, next: (error?: unknown) => void) => Promise<void>;

export interface ExpressWebhooksOptions {
    readonly source?: string;
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function expressWebhooks(receiver: Pick<Receiver, 'accept'>, options?: ExpressWebhooksOptions): ExpressWebhooksHandler;

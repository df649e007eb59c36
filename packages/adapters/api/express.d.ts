// @holdfast/adapters/express

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'
import { ServerResponse } from 'node:http'

export interface ExpressLikeRequest extends ParsedRequest {
    readonly params: Readonly<Record<string, string | readonly string[]>>;
}

export type ExpressWebhooksHandler = (request: ExpressLikeRequest, response: ServerResponse, next: (error?: unknown) => void) => Promise<void>;

export interface ExpressWebhooksOptions {
    readonly source?: string;
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string);
}

export function expressWebhooks(receiver: Pick<Receiver, 'accept'>, options?: ExpressWebhooksOptions): ExpressWebhooksHandler;

interface ParsedRequest extends IncomingMessage {
    readonly body?: unknown;
    readonly rawBody?: unknown;
    readonly originalUrl?: string;
}

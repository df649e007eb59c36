// @holdfast/adapters/web

import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export type LateReceiver = Pick<Receiver, 'accept'> | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>);

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export type WebWebhooksHandler = (request: Request, platform?: unknown) => Promise<Response>;

export interface WebWebhooksOptions {
    readonly source: string | ((request: Request) => string | Promise<string>);
}

export function webWebhooks(receiver: LateReceiver, options: WebWebhooksOptions): WebWebhooksHandler;

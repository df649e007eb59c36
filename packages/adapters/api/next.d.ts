// @holdfast/adapters/next

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'
import { ServerResponse } from 'node:http'

export type LateReceiver = Pick<Receiver, 'accept'> | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>);

export interface NextLikeApiRequest extends IncomingMessage {
    readonly query: Readonly<Partial<Record<string, string | readonly string[]>>>;
    readonly body?: unknown;
}

export type NextPagesWebhooksHandler = (request: NextLikeApiRequest, response: ServerResponse) => Promise<void>;

export interface NextRouteContext {
    readonly params: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
}

export type NextWebhooksHandler = (request: Request, context: NextRouteContext) => Promise<Response>;

export interface NextWebhooksOptions {
    readonly source?: string;
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function nextPagesWebhooks(receiver: LateReceiver, options?: NextWebhooksOptions): NextPagesWebhooksHandler;

export function nextWebhooks(receiver: LateReceiver, options?: NextWebhooksOptions): NextWebhooksHandler;

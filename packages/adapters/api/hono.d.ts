// @holdfast/adapters/hono

import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export interface HonoLikeContext {
    readonly req: {
        readonly raw: Request;
        param(name: string): string | undefined;
    };
    readonly env: unknown;
}

export type HonoWebhooksHandler = (context: HonoLikeContext) => Promise<Response>;

export interface HonoWebhooksOptions {
    readonly source?: string;
}

export type LateReceiver = Pick<Receiver, 'accept'> | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>);

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function honoWebhooks(receiver: LateReceiver, options?: HonoWebhooksOptions): HonoWebhooksHandler;

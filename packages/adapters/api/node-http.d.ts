// @holdfast/adapters/node-http

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'
import { ServerResponse } from 'node:http'

export interface NodeHttpWebhooksOptions {
    readonly source: string | ((request: IncomingMessage) => string | Promise<string>);
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function nodeHttpWebhooks(receiver: Pick<Receiver, 'accept'>, options: NodeHttpWebhooksOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void>;

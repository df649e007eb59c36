// @holdfast/adapters/fastify

import { IncomingMessage } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export interface FastifyLikeInstance {
    readonly supportedMethods?: string[];
    route(route: FastifyLikeRoute): unknown;
}

export interface FastifyLikeReply {
    code(status: number): this;
    headers(headers: Readonly<Record<string, string>>): this;
    send(payload?: Buffer): this;
}

export interface FastifyLikeRequest {
    readonly raw: IncomingMessage & {
        readonly body?: unknown;
        readonly rawBody?: unknown;
    };
    readonly originalUrl: string;
    readonly params: unknown;
}

export interface FastifyLikeRoute {
    readonly method: string[];
    readonly url: string;
    readonly onRequest: (request: FastifyLikeRequest, reply: FastifyLikeReply) => Promise<unknown>;
    readonly handler: () => void;
}

export interface FastifyWebhooksOptions {
    readonly receiver: Pick<Receiver, 'accept'>;
    readonly path?: string;
    readonly source?: string;
}

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function fastifyWebhooks(fastify: FastifyLikeInstance, options: FastifyWebhooksOptions): Promise<void>;

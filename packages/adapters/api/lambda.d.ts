// @holdfast/adapters/lambda

import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export interface LambdaHttpEvent {
    readonly body?: string | null | undefined;
    readonly isBase64Encoded?: boolean | undefined;
    readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
    readonly pathParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
    readonly requestContext?: {
        readonly http?: {
            readonly method: string;
            readonly sourceIp: string;
        };
        readonly path?: string;
        readonly identity?: {
            readonly sourceIp?: string | null;
        };
        readonly elb?: object;
    };
    readonly rawPath?: string;
    readonly rawQueryString?: string;
    readonly cookies?: readonly string[] | null | undefined;
    readonly httpMethod?: string;
    readonly path?: string;
    readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
    readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
    readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
}

export interface LambdaHttpResult {
    readonly statusCode: number;
    readonly body: string;
    readonly isBase64Encoded: false;
    readonly headers?: Record<string, string>;
    readonly multiValueHeaders?: Record<string, string[]>;
}

export type LambdaWebhooksHandler = (event: LambdaHttpEvent) => Promise<LambdaHttpResult>;

export interface LambdaWebhooksOptions {
    readonly source?: string;
}

export type LateReceiver = Pick<Receiver, 'accept'> | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>);

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export function lambdaWebhooks(receiver: LateReceiver, options?: LambdaWebhooksOptions): LambdaWebhooksHandler;

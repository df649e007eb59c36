// @holdfast/adapters/nest

import { IntegrationError } from '@holdfast/core'
import { Receiver } from '@holdfast/webhook-receiver'

export type NestedReceiver = Pick<Receiver, 'accept' | 'start' | 'stop'>;

export class RawBodyUnavailableError extends IntegrationError {
    readonly name: string;
    constructor(culprit: string, fix: string);
}

export const WEBHOOK_RECEIVER: unique symbol

export interface WebhooksAsyncOptions<Import = never, Token = never> {
    readonly path?: string;
    readonly imports?: readonly Import[];
    readonly inject?: readonly Token[];
    useFactory(...dependencies: never[]): NestedReceiver | Promise<NestedReceiver>;
}

export interface WebhooksDynamicModule<Import = never, Token = never> {
    readonly module: typeof WebhooksModule;
    readonly imports: Import[];
    readonly providers: WebhooksProvider<Token>[];
    readonly exports: symbol[];
}

export class WebhooksModule {
    static forRoot(options: WebhooksOptions): WebhooksDynamicModule;
    static forRootAsync<Import = never, Token = never>(options: WebhooksAsyncOptions<Import, Token>): WebhooksDynamicModule<Import, Token>;
}

export interface WebhooksOptions {
    readonly receiver: NestedReceiver;
    readonly path?: string;
}

export interface WebhooksProvider<Token = never> {
    readonly provide: symbol;
    readonly inject: (Token | symbol | (new () => object))[];
    useFactory(...dependencies: never[]): unknown;
}

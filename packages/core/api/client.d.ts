// @holdfast/core/client

import { Connector } from '@holdfast/core'
import { Endpoint } from '@holdfast/core'
import { FetchOptions } from '@holdfast/core'
import { Options } from 'ky'
import { Pagination } from '@holdfast/core'
import { ResilientFetch } from '@holdfast/core'

export interface Client<Provider extends Connector = Connector> extends AsyncDisposable {
    (url: string | URL, options?: RequestOptions): ResponsePromise;
    readonly get: Send;
    readonly post: Send;
    readonly put: Send;
    readonly patch: Send;
    readonly delete: Send;
    readonly head: Send;
    endpoint<Name extends EndpointName<Provider>>(name: Name, ...args: EndpointArguments<EndpointOptions<Provider, Name>>): ResponsePromise;
    paginate<Item = unknown>(url: string | URL, options?: PageOptions<Item>): AsyncGenerator<Item, void, undefined>;
    paginateEndpoint<Name extends EndpointName<Provider>, Item = unknown>(name: Name, ...args: EndpointArguments<EndpointPageOptions<Provider, Name, Item>>): AsyncGenerator<Item, void, undefined>;
    readonly fetch: ResilientFetch;
}

export interface ClientOptions<Provider extends Connector = Connector> extends Omit<FetchOptions, 'connector' | 'refusals'> {
    readonly connector?: Provider;
    readonly baseUrl?: string | URL;
    readonly headers?: HeaderValues;
}

export type EndpointArguments<Options> = Partial<Options> extends Options ? [
    options?: Options
] : [
    options: Options
];

export type EndpointName<Provider extends Connector> = keyof NonNullable<Provider['endpoints']> & string;

export type EndpointOptions<Provider extends Connector, Name extends EndpointName<Provider>> = Omit<RequestOptions, 'method'> & ParamsOf<PathOf<Provider, Name>>;

export type EndpointPageOptions<Provider extends Connector, Name extends EndpointName<Provider>, Item> = Omit<PageOptions<Item>, 'method' | 'pagination'> & ParamsOf<PathOf<Provider, Name>>;

export interface PageOptions<Item = unknown> extends Omit<RequestOptions, 'allowPartial'> {
    readonly pagination?: Pagination;
    readonly schema?: StandardSchema<Item>;
    readonly maxPages?: number;
    readonly maxItems?: number;
}

export type PathParams<Path extends string> = Readonly<Record<string extends Path ? string : ParamNames<Path>, string | number>>;

export interface RequestOptions extends Omit<RequestInit, 'headers' | 'method' | 'signal'> {
    readonly method?: string;
    readonly headers?: HeaderValues;
    readonly searchParams?: SearchParams;
    readonly json?: unknown;
    readonly signal?: AbortSignal | null;
    readonly allowPartial?: boolean;
}

export interface ResponsePromise extends Promise<Response> {
    json<Value = unknown>(): Promise<Value>;
    json<Output>(schema: StandardSchema<Output>): Promise<Output>;
    text(): Promise<string>;
    arrayBuffer(): Promise<ArrayBuffer>;
    blob(): Promise<Blob>;
    formData(): Promise<FormData>;
    bytes(): Promise<Uint8Array>;
}

export interface SchemaIssue {
    readonly message: string;
    readonly path?: readonly (PropertyKey | {
        readonly key: PropertyKey;
    })[] | undefined;
}

export type SchemaResult<Output> = {
    readonly value: Output;
    readonly issues?: undefined;
} | {
    readonly issues: readonly SchemaIssue[];
};

export interface StandardSchema<Output = unknown> {
    readonly '~standard': {
        readonly version: 1;
        readonly vendor: string;
        readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    };
}

export function createClient<const Provider extends Connector = Connector>(options?: ClientOptions<Provider>): Client<Provider>;

export const defaultPageOptions: {
    readonly maxPages: number;
    readonly maxItems: number;
}

type HeaderValues = NonNullable<Options['headers']>;

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamNames<Rest> : never;

type ParamsOf<Path extends string> = string extends Path ? {
    readonly params?: PathParams<Path>;
} : [
    ParamNames<Path>
] extends [
    never
] ? {
    readonly params?: undefined;
} : {
    readonly params: PathParams<Path>;
};

type PathOf<Provider extends Connector, Name extends EndpointName<Provider>> = NonNullable<Provider['endpoints']>[Name] extends Endpoint<infer Path> ? Path : never;

type SearchParams = NonNullable<Options['searchParams']>;

type Send = (url: string | URL, options?: Omit<RequestOptions, 'method'>) => ResponsePromise;

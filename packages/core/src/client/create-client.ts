import type { Connector } from '../connectors/connector.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import type { ResilientFetch } from '../fetch/create-fetch.ts'
import { type ClientOptions, type RequestOptions, resolveClientOptions } from './client-options.ts'
import {
  type EndpointArguments,
  type EndpointName,
  type EndpointOptions,
  type EndpointPageOptions,
  fillPath,
  findEndpoint,
} from './endpoint.ts'
import { createStarter } from './ky-request.ts'
import { type PageOptions, resolvePageOptions } from './page-options.ts'
import { paginate } from './paginate.ts'
import { type ResponsePromise, type StartedCall, startCall } from './response-promise.ts'

type Send = (url: string | URL, options?: Omit<RequestOptions, 'method'>) => ResponsePromise

/**
 * An HTTP client for one provider and connection. Relative URLs are appended to its `baseUrl`.
 *
 * Whatever goes wrong is an `IntegrationError`: every answer that is no success, transport failures (`cause` is the
 * transport's own error), the caller's abort (`canceled`, `cause` is the reason), a body that is not what was agreed.
 */
export interface Client<Provider extends Connector = Connector> extends AsyncDisposable {
  /** Sends a request. */
  (url: string | URL, options?: RequestOptions): ResponsePromise
  readonly get: Send
  readonly post: Send
  readonly put: Send
  readonly patch: Send
  readonly delete: Send
  readonly head: Send
  /**
   * Sends a request that the connector describes, by its name.
   *
   * @throws InvalidOptionsError at once, for a name that it has not, and for a parameter of the path that is missing.
   */
  endpoint<Name extends EndpointName<Provider>>(
    name: Name,
    ...args: EndpointArguments<EndpointOptions<Provider, Name>>
  ): ResponsePromise
  /**
   * Reads a list of many pages, item by item. A page is asked for when it is needed; leaving the loop ends it.
   *
   * @throws InvalidOptionsError at once, when an option is wrong.
   */
  paginate<Item = unknown>(url: string | URL, options?: PageOptions<Item>): AsyncGenerator<Item, void, undefined>
  /**
   * Reads a list that the connector describes, by its name.
   *
   * @throws InvalidOptionsError at once, for a name that it has not or that is no list, and when an option is wrong.
   */
  paginateEndpoint<Name extends EndpointName<Provider>, Item = unknown>(
    name: Name,
    ...args: EndpointArguments<EndpointPageOptions<Provider, Name, Item>>
  ): AsyncGenerator<Item, void, undefined>
  /** The function underneath: its events and its state. */
  readonly fetch: ResilientFetch
}

/**
 * Makes an HTTP client on `createFetch`: the same policies, but it throws an `IntegrationError` for everything that is no
 * success, parses JSON, takes a schema, and reads lists page by page. Make one per provider and connection, and keep it.
 *
 * Disposing ends the function underneath, unless it was given as `fetch`.
 *
 * @throws InvalidOptionsError when an option is wrong or unknown.
 */
export function createClient<const Provider extends Connector = Connector>(
  options?: ClientOptions<Provider>,
): Client<Provider> {
  const resolved = resolveClientOptions(options)
  const { fetch, connector } = resolved
  const starter = createStarter(resolved.headers)
  const start = (url: string | URL, request?: RequestOptions): StartedCall => startCall(resolved, starter, url, request)
  const send = (url: string | URL, request?: RequestOptions): ResponsePromise => start(url, request).promise
  const method =
    (name: string): Send =>
    (url, request) =>
      send(url, { ...request, method: name })

  const byName = (name: string, { params, ...request }: NamedOptions = {}): ResponsePromise => {
    const endpoint = findEndpoint(connector, name)
    return send(fillPath(endpoint.path, params), { ...request, method: endpoint.method })
  }
  const listByName = <Item>(
    name: string,
    { params, ...request }: NamedOptions & PageOptions<Item> = {},
  ): AsyncGenerator<Item, void, undefined> => {
    const { method: httpMethod, path, paginate: pagination } = findEndpoint(connector, name)
    if (pagination === undefined) throw noList(name)
    const page = resolvePageOptions({ ...request, method: httpMethod, pagination })
    return paginate(start, fillPath(path, params), page)
  }

  return Object.assign(send, {
    get: method('GET'),
    post: method('POST'),
    put: method('PUT'),
    patch: method('PATCH'),
    delete: method('DELETE'),
    head: method('HEAD'),
    endpoint: byName,
    paginate: <Item>(url: string | URL, page: PageOptions<Item> = {}) => paginate(start, url, resolvePageOptions(page)),
    paginateEndpoint: listByName,
    fetch,
    [Symbol.asyncDispose]: () => (resolved.ownsFetch ? fetch[Symbol.asyncDispose]() : Promise.resolve()),
  }) as Client<Provider>
}

interface NamedOptions extends Omit<RequestOptions, 'method'> {
  readonly params?: Readonly<Record<string, string | number>>
}

function noList(name: string): InvalidOptionsError {
  return new InvalidOptionsError({
    path: 'endpoint',
    expected: 'one that the connector says how to paginate',
    received: name,
  })
}

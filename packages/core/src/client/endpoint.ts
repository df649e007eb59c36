import type { Connector } from '../connectors/connector.ts'
import type { Endpoint } from '../connectors/endpoint.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import type { RequestOptions } from './client-options.ts'
import type { PageOptions } from './page-options.ts'

/** The names of a connector's endpoints; any text where its type does not list them. */
export type EndpointName<Provider extends Connector> = keyof NonNullable<Provider['endpoints']> & string

/** What fills the parameters of a path: `/users/{id}` needs `{ id }`. */
export type PathParams<Path extends string> = Readonly<
  Record<string extends Path ? string : ParamNames<Path>, string | number>
>

/** Options of a request by name. `params` is required when the path has parameters. */
export type EndpointOptions<Provider extends Connector, Name extends EndpointName<Provider>> = Omit<
  RequestOptions,
  'method'
> &
  ParamsOf<PathOf<Provider, Name>>

/** Options of a list by name. */
export type EndpointPageOptions<Provider extends Connector, Name extends EndpointName<Provider>, Item> = Omit<
  PageOptions<Item>,
  'method' | 'pagination'
> &
  ParamsOf<PathOf<Provider, Name>>

/** `options` as an argument that may be left out where nothing in it is required. */
export type EndpointArguments<Options> = Partial<Options> extends Options ? [options?: Options] : [options: Options]

type PathOf<Provider extends Connector, Name extends EndpointName<Provider>> =
  NonNullable<Provider['endpoints']>[Name] extends Endpoint<infer Path> ? Path : never

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never

type ParamsOf<Path extends string> = string extends Path
  ? { readonly params?: PathParams<Path> }
  : [ParamNames<Path>] extends [never]
    ? { readonly params?: undefined }
    : { readonly params: PathParams<Path> }

/** The endpoint of that name. @throws InvalidOptionsError when there is none. */
export function findEndpoint(connector: Connector | undefined, name: string): Endpoint {
  const endpoints = connector?.endpoints ?? {}
  const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined
  if (endpoint !== undefined) return endpoint
  const known = Object.keys(endpoints).join(', ')
  throw new InvalidOptionsError({
    path: 'endpoint',
    expected: known === '' ? 'given to a client whose connector has endpoints' : `one of ${known}`,
    received: name,
  })
}

/**
 * Fills the parameters of a path. Values are percent-encoded as a whole, so that none can add a segment or a query.
 *
 * @throws InvalidOptionsError for a parameter that is missing, empty or a dot segment, which URLs resolve away.
 */
export function fillPath(path: string, params: Readonly<Record<string, string | number>> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined
    if ((typeof value === 'string' && !/^\.{0,2}$/.test(value)) || Number.isFinite(value))
      return encodeURIComponent(value as string | number)
    throw new InvalidOptionsError({
      path: `params.${name}`,
      expected: 'a non-empty string or a number',
      received: value,
    })
  })
}

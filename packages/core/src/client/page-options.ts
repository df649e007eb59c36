import { checkPagination } from '../connectors/check-endpoints.ts'
import type { Pagination } from '../connectors/endpoint.ts'
import { checkOptions, integer } from '../options/check.ts'
import type { RequestOptions } from './client-options.ts'
import type { StandardSchema } from './standard-schema.ts'

/** How a list is read. */
export interface PageOptions<Item = unknown> extends Omit<RequestOptions, 'allowPartial'> {
  /** How the list goes on. Default: `{ kind: 'link' }`, the `Link` header. */
  readonly pagination?: Pagination
  /** Validates each item. */
  readonly schema?: StandardSchema<Item>
  /**
   * A bound for lists that never end. When the list goes on after so many pages, it throws `configuration_error`
   * `page_limit`, so that nothing is cut off in silence. Integer >= 1, or `Infinity`. @defaultValue 1000
   */
  readonly maxPages?: number
  /** Ends quietly after so many items. Integer >= 1, or `Infinity`. @defaultValue Infinity */
  readonly maxItems?: number
}

/** The defaults of `paginate` and `paginateEndpoint`. */
export const defaultPageOptions: { readonly maxPages: number; readonly maxItems: number } = Object.freeze({
  maxPages: 1_000,
  maxItems: Infinity,
})

/** How a list is read, checked and with every default. */
export interface ResolvedPageOptions<Item> {
  readonly pagination: Pagination
  readonly schema: StandardSchema<Item> | undefined
  readonly maxPages: number
  readonly maxItems: number
  readonly request: RequestOptions
}

const count = integer({ min: 1, infinity: true })

/** @throws InvalidOptionsError when an option is wrong. */
export function resolvePageOptions<Item>(options: PageOptions<Item>): ResolvedPageOptions<Item> {
  const { pagination = { kind: 'link' }, schema, maxPages, maxItems, ...request } = options
  checkOptions('', { maxPages, maxItems }, { maxPages: count, maxItems: count })
  checkPagination('pagination', pagination)
  return {
    pagination,
    schema,
    maxPages: maxPages ?? defaultPageOptions.maxPages,
    maxItems: maxItems ?? defaultPageOptions.maxItems,
    request,
  }
}

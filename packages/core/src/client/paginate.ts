import type { CursorPagination, LinkPagination, PagePagination, Pagination } from '../connectors/endpoint.ts'
import { readPointer } from '../connectors/json-pointer.ts'
import { matchesHost } from '../connectors/match-host.ts'
import { classifyFailure } from '../errors/classify-failure.ts'
import type { ClientCall } from './client-call.ts'
import type { RequestOptions } from './client-options.ts'
import { linkTarget } from './link-header.ts'
import type { ResolvedPageOptions } from './page-options.ts'
import type { StartedCall } from './response-promise.ts'
import { validate } from './standard-schema.ts'

/** One page as it came. */
interface Page {
  readonly call: ClientCall
  readonly response: Response
  readonly body: unknown
  readonly items: readonly unknown[]
  /** How many items the page before had; `undefined` for the first. */
  readonly previousLength: number | undefined
}

/** Reads a list page by page, and yields its items. A page is asked for when the items of the one before are used up. */
export async function* paginate<Item>(
  start: (url: string | URL, options: RequestOptions) => StartedCall,
  firstUrl: string | URL,
  { pagination, schema, maxPages, maxItems, request }: ResolvedPageOptions<Item>,
): AsyncGenerator<Item, void, undefined> {
  // The URLs of later pages hold the parameters already.
  const { searchParams: _first, ...options } = request
  const seen = new Set<string>()
  let origin: URL | undefined
  let next: string | URL | undefined = firstUrl
  let previousLength: number | undefined
  let yielded = 0
  for (let pages = 1; next !== undefined; pages++) {
    const { call, promise } = start(next, pages === 1 ? request : options)
    const body = await promise.json()
    const response = await promise
    const items = itemsOf(body, pagination.items ?? '', call)
    for (const [index, item] of items.entries()) {
      throwIfAborted(call)
      const at = `${pagination.items ?? ''}/${index}`
      yield schema === undefined ? (item as Item) : await validate(schema, item, call, at)
      if (++yielded >= maxItems) return
    }
    origin ??= new URL(call.url)
    seen.add(call.url)
    next = nextUrl(pagination, { call, response, body, items, previousLength }, origin)
    if (next === undefined) return
    if (seen.has(next)) throw call.mismatch('cursor_loop', 'the list leads back to a page that was read already')
    if (pages >= maxPages) throw pageLimit(maxPages, call)
    previousLength = items.length
  }
}

function itemsOf(body: unknown, pointer: string, call: ClientCall): readonly unknown[] {
  const items = readPointer(body, pointer)
  // A 204 has no body, and some servers write an empty list as null.
  if (body === undefined || items === null) return []
  if (Array.isArray(items)) return items
  throw call.mismatch('schema', `there is no array of items at ${pointer === '' ? 'its root' : pointer}`)
}

function nextUrl(pagination: Pagination, page: Page, origin: URL): string | undefined {
  switch (pagination.kind) {
    case 'link':
      return linkedUrl(pagination, page, origin)
    case 'cursor': {
      const cursor = cursorOf(pagination, page)
      return cursor === undefined ? undefined : withParam(page, pagination.param, cursor)
    }
    case 'page': {
      const { param, first = 1 } = pagination
      const current = numberParam(page, param, first)
      return isLastPage(pagination, page, current - first + 1) ? undefined : withParam(page, param, current + 1)
    }
    case 'offset': {
      const { param, total } = pagination
      const reached = numberParam(page, param, 0) + page.items.length
      const isLast = isEnd(page, total, (count) => reached >= count)
      return isLast ? undefined : withParam(page, param, reached)
    }
  }
}

/** Credentials must not follow a link to somebody else. */
function linkedUrl({ next }: LinkPagination, { call, response, body }: Page, origin: URL): string | undefined {
  const target = next === undefined ? linkTarget(response.headers.get('link'), 'next') : readPointer(body, next)
  if (target === undefined || target === null || target === '' || target === false) return undefined
  const url = typeof target === 'string' ? URL.parse(target, response.url || call.url) : null
  if (url === null) throw call.mismatch('schema', 'the link to the next page is no URL')
  const isOwn =
    url.origin === origin.origin ||
    (url.protocol === origin.protocol && matchesHost(url.host, call.connector?.http?.hosts ?? []))
  if (isOwn) return url.href
  throw call.error({
    code: 'configuration_error',
    reason: 'foreign_link',
    phase: 'local',
    message: `Not followed: the link to the next page leads from ${origin.origin} to another host. Name its hosts in the connector when it may.`,
  })
}

function cursorOf(pagination: CursorPagination, { call, body, items }: Page): string | number | undefined {
  const { cursor: pointer, from = 'body', more } = pagination
  if (more !== undefined && readPointer(body, more) !== true) return undefined
  const cursor = readPointer(from === 'body' ? body : items.at(-1), pointer)
  if ((typeof cursor === 'string' && cursor !== '') || typeof cursor === 'number') return cursor
  const isEnd = cursor === undefined || cursor === null || cursor === '' || cursor === false
  if (isEnd && (more === undefined || items.length === 0)) return undefined
  throw call.mismatch('schema', `there is no cursor at ${pointer}`)
}

function isLastPage({ totalPages }: PagePagination, page: Page, read: number): boolean {
  return isEnd(page, totalPages, (count) => read >= count)
}

function isEnd(page: Page, totalPointer: string | undefined, isReached: (total: number) => boolean): boolean {
  const { items, previousLength = 0, body } = page
  if (items.length === 0) return true
  const total = totalPointer === undefined ? undefined : readPointer(body, totalPointer)
  // A first page that is short says nothing: servers shorten pages to a size of their own.
  return typeof total === 'number' ? isReached(total) : items.length < previousLength
}

function numberParam({ call }: Page, param: string, fallback: number): number {
  const value = new URL(call.url).searchParams.get(param)
  return value !== null && /^\d+$/.test(value) ? Number(value) : fallback
}

function withParam({ call }: Page, param: string, value: string | number): string {
  const url = new URL(call.url)
  url.searchParams.set(param, String(value))
  return url.href
}

function throwIfAborted(call: ClientCall): void {
  const { signal, response } = call
  if (!signal?.aborted || response === undefined) return
  const { upstream: _status, ...failure } = classifyFailure(signal.reason, { signal, status: response.status })
  throw call.error(failure)
}

function pageLimit(maxPages: number, call: ClientCall): Error {
  return call.error({
    code: 'configuration_error',
    reason: 'page_limit',
    phase: 'local',
    message: `The list goes on after ${maxPages} pages. Raise \`maxPages\`, or set \`maxItems\` to end it quietly.`,
  })
}

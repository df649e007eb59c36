/** A request of the provider's API. */
export interface Endpoint<Path extends string = string> {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `http.baseUrl`, beginning with `/`; `{name}` stands for a parameter that fills one segment or a part of it. */
  readonly path: Path
  /** How its list goes on, where it is one. */
  readonly paginate?: Pagination
}

/** How a list goes on after its first page. */
export type Pagination = LinkPagination | CursorPagination | PagePagination | OffsetPagination

/** What every kind of pagination says. */
export interface PaginationItems {
  /** JSON Pointer to the array of items in the body. Default: `''`, the body itself. */
  readonly items?: string
}

/** The answer names the URL of the next page; the list ends where it names none. */
export interface LinkPagination extends PaginationItems {
  readonly kind: 'link'
  /** JSON Pointer to the URL in the body. Default: the `Link` header's `rel="next"` (RFC 8288). */
  readonly next?: string
}

/** The answer carries a cursor that is sent back as a parameter; the list ends where it is absent, `null`, `false` or empty. */
export interface CursorPagination extends PaginationItems {
  readonly kind: 'cursor'
  /** JSON Pointer to the cursor. */
  readonly cursor: string
  /** Where `cursor` points into: the body, or the last item of the page, as with Stripe. Default: `body`. */
  readonly from?: 'body' | 'last_item'
  /** Query parameter that takes the cursor. */
  readonly param: string
  /** JSON Pointer to a value that is `true` while there are more pages. Default: the cursor alone decides. */
  readonly more?: string
}

/** Pages are numbered. The list ends with an empty page, with one shorter than the page before it, or after `totalPages`. */
export interface PagePagination extends PaginationItems {
  readonly kind: 'page'
  /** Query parameter that takes the number. */
  readonly param: string
  /** The number of the first page. Default: 1. */
  readonly first?: number
  /** JSON Pointer to the number of pages; where the answer has it, it decides in place of the length. */
  readonly totalPages?: string
}

/** Pages begin at an item. The list ends with an empty page, with one shorter than the page before it, or at `total`. */
export interface OffsetPagination extends PaginationItems {
  readonly kind: 'offset'
  /** Query parameter that takes the number of items to skip. */
  readonly param: string
  /** JSON Pointer to the number of items in the list; where the answer has it, it decides in place of the length. */
  readonly total?: string
}

import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { type Check, integer, nonEmptyString, oneOf, plainObject } from '../options/check.ts'
import { type ChecksOf, checkedElsewhere, checkShape, jsonPointer, type Shape } from './check-shape.ts'
import type {
  CursorPagination,
  Endpoint,
  LinkPagination,
  OffsetPagination,
  PagePagination,
  Pagination,
} from './endpoint.ts'

// Braces come in pairs around a name; a `?` would begin the query, which is the caller's.
const pathTemplate: Check = (value) =>
  typeof value === 'string' && /^\/(?:[^{}?#]|\{[A-Za-z_]\w*\})*$/.test(value)
    ? undefined
    : 'a path that begins with `/`, its parameters as `{name}`, without query'

const endpointChecks: ChecksOf<Endpoint> = {
  method: oneOf('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: pathTemplate,
  paginate: checkedElsewhere,
}

const kind = oneOf('link', 'cursor', 'page', 'offset')

const linkChecks: ChecksOf<LinkPagination> = { kind, items: jsonPointer, next: jsonPointer }
const cursorChecks: ChecksOf<CursorPagination> = {
  kind,
  items: jsonPointer,
  cursor: jsonPointer,
  from: oneOf('body', 'last_item'),
  param: nonEmptyString,
  more: jsonPointer,
}
const pageChecks: ChecksOf<PagePagination> = {
  kind,
  items: jsonPointer,
  param: nonEmptyString,
  first: integer({ min: 0 }),
  totalPages: jsonPointer,
}
const offsetChecks: ChecksOf<OffsetPagination> = {
  kind,
  items: jsonPointer,
  param: nonEmptyString,
  total: jsonPointer,
}

/** Which keys each kind has, and which of them it cannot do without. */
const kinds: Readonly<
  Record<Pagination['kind'], { readonly checks: Readonly<Record<string, Check>>; readonly required: readonly string[] }>
> = {
  link: { checks: linkChecks, required: [] },
  cursor: { checks: cursorChecks, required: ['cursor', 'param'] },
  page: { checks: pageChecks, required: ['param'] },
  offset: { checks: offsetChecks, required: ['param'] },
}

/** Checks the endpoints of a connector: their names, methods, paths, and how their lists go on. */
export function checkEndpoints(path: string, value: unknown): void {
  const wrong = plainObject(value)
  if (wrong !== undefined) throw new InvalidOptionsError({ path, expected: wrong, received: value })
  for (const [name, endpoint] of Object.entries(value as Shape)) {
    if (!/^[a-z][a-z\d_]*(?:\.[a-z][a-z\d_]*)*$/.test(name))
      throw new InvalidOptionsError({
        path,
        expected: 'an object whose keys are names such as `issues.list`',
        received: name,
      })
    const shape = checkShape(`${path}['${name}']`, endpoint, endpointChecks, ['method', 'path'])
    if (shape.paginate !== undefined) checkPagination(`${path}['${name}'].paginate`, shape.paginate)
  }
}

/**
 * Checks that `value` says how a list goes on, by its kind.
 *
 * @throws InvalidOptionsError for the first thing that is wrong, with its path.
 */
export function checkPagination(path: string, value: unknown): void {
  const wrong = plainObject(value)
  if (wrong !== undefined) throw new InvalidOptionsError({ path, expected: wrong, received: value })
  const { kind: given } = value as Shape
  const expected = kind(given)
  if (expected !== undefined) throw new InvalidOptionsError({ path: `${path}.kind`, expected, received: given })
  const { checks, required } = kinds[given as Pagination['kind']]
  checkShape(path, value, checks, required)
}

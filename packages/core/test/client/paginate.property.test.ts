import fc from 'fast-check'
import { it } from 'vitest'
import type { Pagination } from '../../src/index.ts'
import { harness, json, pages } from './harness.ts'

/** A server that holds `length` items, gives at most `cap` of them at once, and may say how many there are. */
function server(kind: Pagination['kind'], length: number, cap: number, total: boolean): ReturnType<typeof pages> {
  const all = Array.from({ length }, (_, index) => ({ id: index }))
  return pages(({ searchParams, pathname }) => {
    const number = Number(searchParams.get('at') ?? (kind === 'page' ? 1 : 0))
    const start = kind === 'page' ? (number - 1) * cap : number
    const items = all.slice(start, start + cap)
    const next = start + cap < length ? start + cap : undefined
    return json(
      {
        items,
        ...(total ? { total: kind === 'page' ? Math.ceil(length / cap) : length } : {}),
        ...(kind === 'cursor' && next !== undefined ? { next: String(next) } : {}),
      },
      200,
      kind === 'link' && next !== undefined ? { link: `<${pathname}?at=${next}>; rel="next"` } : {},
    )
  })
}

const paginations: Readonly<Record<Pagination['kind'], Pagination>> = {
  link: { kind: 'link', items: '/items' },
  cursor: { kind: 'cursor', items: '/items', cursor: '/next', param: 'at' },
  page: { kind: 'page', items: '/items', param: 'at', totalPages: '/total' },
  offset: { kind: 'offset', items: '/items', param: 'at', total: '/total' },
}

it('reads every item once and in order, whatever the size that the server chooses', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Pagination['kind'][]>('link', 'cursor', 'page', 'offset'),
      fc.nat(12),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 15 }),
      async (kind, length, cap, total, maxItems) => {
        const { client, list } = harness([server(kind, length, cap, total)])
        const items = await list(client.paginate<{ id: number }>('/list', { pagination: paginations[kind], maxItems }))
        const expected = Array.from({ length: Math.min(length, maxItems) }, (_, index) => index)
        return JSON.stringify(items.map(({ id }) => id)) === JSON.stringify(expected)
      },
    ),
    { numRuns: 60, seed: 7 },
  )
})

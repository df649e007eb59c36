import { describe, expect, it } from 'vitest'
import type { PageOptions, StandardSchema } from '../../src/client/index.ts'
import { type Connector, InvalidOptionsError, type Pagination } from '../../src/index.ts'
import { acme, baseUrl, failureOf, harness, json, pages } from './harness.ts'

const letters = ['a', 'b', 'c', 'd', 'e']

/** The items from `start`, at most `size`. */
function slice(start: number, size: number): string[] {
  return letters.slice(start, start + size)
}

function urlsOf({ calls }: { readonly calls: readonly { readonly url: string }[] }): string[] {
  return calls.map(({ url }) => url.replace(baseUrl, ''))
}

describe('paginate by link', () => {
  const linked = pages((url) => {
    const page = Number(url.searchParams.get('page') ?? 1)
    return json(slice((page - 1) * 2, 2), 200, page < 3 ? { link: `<?size=2&page=${page + 1}>; rel="next"` } : {})
  })

  it('follows the Link header to its end', async () => {
    const { client, transport, list } = harness([linked])
    expect(await list(client.paginate('/list', { searchParams: { size: 2 } }))).toEqual(letters)
    expect(urlsOf(transport)).toEqual(['/list?size=2', '/list?size=2&page=2', '/list?size=2&page=3'])
  })

  it('asks for a page only when it is needed', async () => {
    const { client, transport, run } = harness([linked])
    const items = client.paginate('/list')
    expect(transport.calls).toHaveLength(0)
    await run(items.next())
    await run(items.next())
    expect(transport.calls).toHaveLength(1)
    await run(items.next())
    expect(transport.calls).toHaveLength(2)
    await items.return()
    expect((await items.next()).done).toBe(true)
    expect(transport.calls).toHaveLength(2)
  })

  it('sends headers with every page', async () => {
    const { client, transport, list } = harness([linked])
    await list(client.paginate('/list', { headers: { 'x-a': '1' } }))
    expect(transport.calls.map(({ headers }) => headers.get('x-a'))).toEqual(['1', '1', '1'])
  })

  it('reads the link and the items from the body', async () => {
    const { client, list } = harness([
      json({ data: { list: ['a'] }, links: { next: '/v1/list?after=a' } }),
      json({ data: { list: ['b'] }, links: { next: null } }),
    ])
    const pagination: Pagination = { kind: 'link', items: '/data/list', next: '/links/next' }
    expect(await list(client.paginate('/list', { pagination }))).toEqual(['a', 'b'])
  })

  it.each([
    'https://evil.example/list',
    '//evil.example/list',
    'http://api.example.com/v1/list',
    'https://api.example.com:8443/',
  ])('does not follow the link to %s', async (target) => {
    const { client, transport, list } = harness([json(['a'], 200, { link: `<${target}>; rel="next"` })], {
      baseUrl,
      headers: { 'x-key': 's3cret' },
    })
    const error = await failureOf(list(client.paginate('/list')))
    expect(error).toMatchObject({
      code: 'configuration_error',
      reason: 'foreign_link',
      endpoint: `GET ${baseUrl}/list`,
    })
    expect(transport.calls).toHaveLength(1)
  })

  it('follows a link to a host that the connector names, under the same scheme', async () => {
    const link = (url: string): Record<string, string> => ({ link: `<${url}>; rel="next"` })
    const answers = [
      json(['a'], 200, link('https://x.eu.example.com/2')),
      json(['b'], 200, link('http://x.eu.example.com/3')),
    ]
    const { client, transport, run, failure } = harness([answers[0] as Response, answers[1] as Response], {
      connector: acme,
    })
    const items = client.paginate('/list')
    expect([await run(items.next()), await run(items.next())].map(({ value }) => value as string)).toEqual(['a', 'b'])
    expect((await failure(items.next())).reason).toBe('foreign_link')
    expect(transport.calls).toHaveLength(2)
  })

  it('refuses a link that is no URL', async () => {
    const { client, list } = harness([json({ next: 7, items: [] })])
    const pagination: Pagination = { kind: 'link', items: '/items', next: '/next' }
    expect(await failureOf(list(client.paginate('/list', { pagination })))).toMatchObject({
      code: 'schema_mismatch',
      reason: 'schema',
    })
  })

  it('notices that the list leads back', async () => {
    const { client, transport, list } = harness([
      pages((url) => json(['a'], 200, { link: `<${baseUrl}/${url.pathname.endsWith('/b') ? 'a' : 'b'}>; rel="next"` })),
    ])
    const error = await failureOf(list(client.paginate('/a')))
    expect(error).toMatchObject({ code: 'schema_mismatch', reason: 'cursor_loop' })
    expect(transport.calls).toHaveLength(2)
  })
})

describe('paginate by cursor', () => {
  it('sends back the cursor until there is none', async () => {
    const { client, transport, list } = harness([
      json({ items: ['a', 'b'], next: 'x y' }),
      json({ items: [], next: 7 }),
      json({ items: ['c'], next: '' }),
    ])
    const pagination: Pagination = { kind: 'cursor', items: '/items', cursor: '/next', param: 'after' }
    expect(await list(client.paginate('/list?q=1', { pagination }))).toEqual(['a', 'b', 'c'])
    expect(urlsOf(transport)).toEqual(['/list?q=1', '/list?q=1&after=x+y', '/list?q=1&after=7'])
  })

  it('takes the cursor from the last item, while there are more', async () => {
    const { client, transport, list } = harness([
      json({ data: [{ id: 'a' }, { id: 'b' }], has_more: true }),
      json({ data: [{ id: 'c' }], has_more: false }),
    ])
    const pagination: Pagination = {
      kind: 'cursor',
      items: '/data',
      from: 'last_item',
      cursor: '/id',
      param: 'starting_after',
      more: '/has_more',
    }
    expect(await list(client.paginate('/list', { pagination }))).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
    expect(urlsOf(transport)).toEqual(['/list', '/list?starting_after=b'])
  })

  it('notices a cursor that repeats', async () => {
    const { client, transport, list } = harness([json({ items: ['a'], next: 'x' })])
    const pagination: Pagination = { kind: 'cursor', items: '/items', cursor: '/next', param: 'after' }
    expect((await failureOf(list(client.paginate('/list', { pagination })))).reason).toBe('cursor_loop')
    expect(transport.calls).toHaveLength(2)
  })

  it.each([
    ['no cursor although there is more', { items: ['a'], more: true }],
    ['a cursor that is an object', { items: ['a'], more: true, next: {} }],
  ])('refuses %s', async (_, body) => {
    const { client, list } = harness([json(body)])
    const pagination: Pagination = { kind: 'cursor', items: '/items', cursor: '/next', param: 'after', more: '/more' }
    expect(await failureOf(list(client.paginate('/list', { pagination })))).toMatchObject({
      code: 'schema_mismatch',
      reason: 'schema',
    })
  })
})

describe('paginate by page', () => {
  const numbered = (size: number): ReturnType<typeof pages> =>
    pages((url) => json(slice((Number(url.searchParams.get('page') ?? 1) - 1) * size, size)))

  it.each([
    [2, ['/list', '/list?page=2', '/list?page=3']],
    [1, ['/list', '/list?page=2', '/list?page=3', '/list?page=4', '/list?page=5', '/list?page=6']],
    [9, ['/list', '/list?page=2']],
  ])('ends with a short or an empty page, %i items each', async (size, urls) => {
    const { client, transport, list } = harness([numbered(size)])
    const pagination: Pagination = { kind: 'page', param: 'page' }
    expect(await list(client.paginate('/list', { pagination }))).toEqual(letters)
    expect(urlsOf(transport)).toEqual(urls)
  })

  it('believes the number of pages more than their length', async () => {
    const { client, transport, list } = harness([
      json({ items: ['a', 'b'], pages: 3 }),
      json({ items: ['c'], pages: 3 }),
      json({ items: ['d', 'e'], pages: 3 }),
    ])
    const pagination: Pagination = { kind: 'page', items: '/items', param: 'p', first: 0, totalPages: '/pages' }
    expect(await list(client.paginate('/list', { pagination }))).toEqual(letters)
    expect(urlsOf(transport)).toEqual(['/list', '/list?p=1', '/list?p=2'])
  })

  it('goes on from the page that the caller begins with', async () => {
    const { client, transport, list } = harness([numbered(2)])
    const options: PageOptions = { pagination: { kind: 'page', param: 'page' }, searchParams: { page: 2 } }
    expect(await list(client.paginate('/list', options))).toEqual(['c', 'd', 'e'])
    expect(urlsOf(transport)).toEqual(['/list?page=2', '/list?page=3'])
  })

  it('throws after too many pages, having lost nothing', async () => {
    const { client, failure } = harness([json(['a'])])
    const read: unknown[] = []
    const work = async (): Promise<void> => {
      for await (const item of client.paginate('/list', { pagination: { kind: 'page', param: 'page' }, maxPages: 3 }))
        read.push(item)
    }
    expect(await failure(work())).toMatchObject({ code: 'configuration_error', reason: 'page_limit' })
    expect(read).toEqual(['a', 'a', 'a'])
  })
})

describe('paginate by offset', () => {
  const from = (size: number, total?: number): ReturnType<typeof pages> =>
    pages((url) => json({ items: slice(Number(url.searchParams.get('offset') ?? 0), size), total }))

  it('skips what was read', async () => {
    const { client, transport, list } = harness([from(2)])
    const pagination: Pagination = { kind: 'offset', items: '/items', param: 'offset' }
    expect(await list(client.paginate('/list?limit=2', { pagination }))).toEqual(letters)
    expect(urlsOf(transport)).toEqual(['/list?limit=2', '/list?limit=2&offset=2', '/list?limit=2&offset=4'])
  })

  it('ends at the total without another request', async () => {
    const { client, transport, list } = harness([from(5, 5)])
    const pagination: Pagination = { kind: 'offset', items: '/items', param: 'offset', total: '/total' }
    expect(await list(client.paginate('/list', { pagination }))).toEqual(letters)
    expect(transport.calls).toHaveLength(1)
  })

  it('ends with an empty page whatever the total says', async () => {
    const { client, transport, list } = harness([from(5, 99)])
    const pagination: Pagination = { kind: 'offset', items: '/items', param: 'offset', total: '/total' }
    expect(await list(client.paginate('/list', { pagination }))).toEqual(letters)
    expect(transport.calls).toHaveLength(2)
  })
})

describe('paginate', () => {
  it('ends quietly after maxItems', async () => {
    const { client, transport, list } = harness([json(['a', 'b'], 200, { link: '<?page=2>; rel="next"' })])
    expect(await list(client.paginate('/list', { maxItems: 2 }))).toEqual(['a', 'b'])
    expect(transport.calls).toHaveLength(1)
  })

  it.each([
    ['a 204', new Response(null, { status: 204 })],
    ['null', json(null)],
  ])('takes %s for an empty list', async (_, answer) => {
    const { client, list } = harness([answer])
    expect(await list(client.paginate('/list'))).toEqual([])
  })

  it('refuses a body without the array', async () => {
    const { client, list } = harness([json({ items: {} })], { connector: acme })
    const pagination: Pagination = { kind: 'link', items: '/items' }
    const error = await failureOf(list(client.paginate('/list', { pagination })))
    expect(error.message).toBe('Acme answered 200, but not in the agreed shape: there is no array of items at /items.')
  })

  it('validates each item and says which one is wrong', async () => {
    const text: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value === 'string' ? { value: value.toUpperCase() } : { issues: [{ message: 'no', path: ['x'] }] },
      },
    }
    const { client, run, failure } = harness([json({ items: ['a', 7] })])
    const items = client.paginate('/list', { pagination: { kind: 'link', items: '/items' }, schema: text })
    expect((await run(items.next())).value).toBe('A')
    expect((await failure(items.next())).message).toContain(': at /items/1/x.')
  })

  it('throws the failure of a page after the items of those before', async () => {
    const { client, run, failure } = harness([json(['a'], 200, { link: '<?page=2>; rel="next"' }), json({}, 403)])
    const items = client.paginate('/list')
    expect((await run(items.next())).value).toBe('a')
    expect((await failure(items.next())).code).toBe('permission_denied')
  })

  it('stops between two items when the signal aborts', async () => {
    const { client, run, failure } = harness([json(['a', 'b'])])
    const controller = new AbortController()
    const items = client.paginate('/list', { signal: controller.signal })
    await run(items.next())
    controller.abort('enough')
    expect(await failure(items.next())).toMatchObject({ code: 'canceled', reason: 'abort', cause: 'enough' })
  })

  it.each<[Record<string, unknown>, string]>([
    [{ maxPages: 0 }, 'maxPages'],
    [{ maxItems: 1.5 }, 'maxItems'],
    [{ pagination: { kind: 'graph' } }, 'pagination.kind'],
    [{ pagination: { kind: 'cursor', param: 'after' } }, 'pagination.cursor'],
    [{ pagination: { kind: 'link', items: 'items' } }, 'pagination.items'],
    [{ pagination: { kind: 'link', param: 'x' } }, 'pagination.param'],
    [{ pagination: null }, 'pagination'],
  ])('refuses %o at once', (options, path) => {
    const { client } = harness([json([])])
    expect(() => client.paginate('/list', options)).toThrow(InvalidOptionsError)
    expect(() => client.paginate('/list', options)).toThrow(expect.objectContaining({ path }))
  })
})

describe('endpoint', () => {
  const connector = {
    ...acme,
    endpoints: {
      'things.get': { method: 'GET', path: '/tenants/{tenant}/things/{id}' },
      'things.create': { method: 'POST', path: '/things' },
      'things.list': { method: 'GET', path: '/{tenant}/things', paginate: { kind: 'link', items: '/items' } },
    },
  } as const satisfies Connector

  it('sends what the connector describes', async () => {
    const { client, transport, run } = harness([json({})], { connector })
    await run(client.endpoint('things.get', { params: { tenant: 'a/b?c', id: 7 }, searchParams: { q: 1 } }))
    await run(client.endpoint('things.create', { json: { a: 1 } }).json())
    expect(transport.calls.map(({ method }) => method)).toEqual(['GET', 'POST'])
    expect(urlsOf(transport)).toEqual(['/tenants/a%2Fb%3Fc/things/7?q=1', '/things'])
  })

  it('reads the list that the connector describes', async () => {
    const { client, transport, list } = harness(
      [json({ items: ['a'] }, 200, { link: '<?page=2>; rel="next"' }), json({ items: ['b'] })],
      { connector },
    )
    expect(await list(client.paginateEndpoint('things.list', { params: { tenant: 'x' } }))).toEqual(['a', 'b'])
    expect(urlsOf(transport)).toEqual(['/x/things', '/x/things?page=2'])
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['things.delete', {}, 'endpoint'],
    ['toString', {}, 'endpoint'],
    ['things.get', { params: { tenant: 'a' } }, 'params.id'],
    ['things.get', { params: { tenant: '..', id: 1 } }, 'params.tenant'],
    ['things.get', { params: { tenant: '', id: 1 } }, 'params.tenant'],
    ['things.get', { params: { tenant: 'a', id: Number.NaN } }, 'params.id'],
    ['things.get', { params: { tenant: 'a', id: null } }, 'params.id'],
  ])('refuses %s with %o', (name, options, path) => {
    const { client } = harness([json({})], { connector })
    expect(() => client.endpoint(name, options)).toThrow(expect.objectContaining({ path }))
  })

  it('refuses to read what is no list, and every name without a connector', () => {
    const { client } = harness([json({})], { connector })
    expect(() => client.paginateEndpoint('things.create')).toThrow(InvalidOptionsError)
    expect(() => harness([json({})]).client.endpoint('things.get')).toThrow(InvalidOptionsError)
  })
})

it('rejects with one error for a page that cannot be asked for', async () => {
  const { client } = harness([json([])])
  expect((await failureOf(client.paginate('http://[').next())).code).toBe('configuration_error')
})
